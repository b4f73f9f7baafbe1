# gnuplot adaptation-1.gp draws adaptation-1.png from adaptation-1.csv.
reset
set terminal pngcairo noenhanced size 1100,520 font "sans,13" background "#ffffff"
set output "adaptation-1.png"
set datafile separator ","
set datafile missing "NaN"
set border 3 lc rgb "#777777"
set tics nomirror textcolor rgb "#333333"
set grid lt 1 lc rgb "#e8e8e8" lw 1
set title offset 0,1.1
set key at graph 0.5,1.02 bottom center horizontal reverse Left samplen 1.5 width -1 font "sans,12"
set tmargin 5
set title "device: the longest latency in each two hundredth of the time (simulated)" offset 0,0.9
set xlabel "seconds of serving"
set ylabel "ms from request to answer"
set logscale y
set xrange [0:20.00424885284441]
set label "50 requests/s" at 2.5, graph 0.96 center
set arrow from 5.0, graph 0 to 5.0, graph 1 nohead lc rgb "#bbbbbb"
set label "500 requests/s" at 7.5, graph 0.96 center
set arrow from 10.0, graph 0 to 10.0, graph 1 nohead lc rgb "#bbbbbb"
set label "1500 requests/s" at 12.500716414365122, graph 0.96 center
set arrow from 15.001432828730243, graph 0 to 15.001432828730243, graph 1 nohead lc rgb "#bbbbbb"
set label "50 requests/s" at 17.502840840787325, graph 0.96 center
plot "adaptation-1.csv" using 1:($2==0?$4:NaN) with points pt 7 ps 0.8 lc rgb "#4477aa" title "edgecnn-large f32", \
     "adaptation-1.csv" using 1:($2==1?$4:NaN) with points pt 7 ps 0.8 lc rgb "#ee6677" title "edgecnn-medium f32", \
     "adaptation-1.csv" using 1:($2==2?$4:NaN) with points pt 7 ps 0.8 lc rgb "#228833" title "edgecnn-small f32", \
     20.0 with lines dt 2 lw 1.5 lc rgb "#777777" title "target"
unset output
