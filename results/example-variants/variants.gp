# gnuplot variants.gp draws variants.png from variants.csv.
reset
set terminal pngcairo noenhanced size 1100,640 font "sans,13" background "#ffffff"
set output "variants.png"
set datafile separator ","
set datafile missing "NaN"
set border 3 lc rgb "#777777"
set tics nomirror textcolor rgb "#333333"
set grid lt 1 lc rgb "#e8e8e8" lw 1
set title offset 0,1.1
set key at graph 0.5,1.02 bottom center horizontal reverse Left samplen 1.5 width -1 font "sans,12"
set tmargin 5
set xlabel "latency of a single image, p50, ms"
set ylabel "test accuracy, %" offset 1,0
set logscale x
set xtics (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)
set xrange [0.0011213333333333333:0.0787374]
set offsets 0, 0, graph 0.08, graph 0.08
set tmargin 6
set key maxrows 2 width 1
plot "variants.csv" using 1:2:4:5 with points pt variable ps 1.5 lw 1.5 lc rgb variable notitle, \
     "variants.csv" using 1:2:(sprintf("%.0f KB", $3)) with labels offset 0,1 font "sans,10" \
     textcolor rgb "#333333" notitle, \
     NaN with points pt 7 ps 1.5 lc rgb "#4477aa" title "edgecnn-large", \
     NaN with points pt 7 ps 1.5 lc rgb "#ee6677" title "edgecnn-large:8-16-64-32", \
     NaN with points pt 7 ps 1.5 lc rgb "#228833" title "edgecnn-medium", \
     NaN with points pt 7 ps 1.5 lc rgb "#ccbb44" title "edgecnn-medium:4-32", \
     NaN with points pt 7 ps 1.5 lc rgb "#66ccee" title "edgecnn-small", \
     NaN with points pt 7 ps 1.5 lc rgb "#aa3377" title "edgecnn-small:32", \
     NaN with points pt 7 ps 1.5 lc rgb "#bbbbbb" title "edgecnn-bn", \
     NaN with points pt 7 ps 1.5 lc rgb "#333333" title "f32", \
     NaN with points pt 6 ps 1.5 lc rgb "#333333" title "f32, pruned", \
     NaN with points pt 5 ps 1.5 lc rgb "#333333" title "int8", \
     NaN with points pt 4 ps 1.5 lc rgb "#333333" title "int8, pruned"
unset output
