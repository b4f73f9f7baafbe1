# gnuplot convergence_and_cost.gp draws convergence_and_cost.png from convergence_and_cost.csv.
reset
set terminal pngcairo noenhanced size 1500,580 font "sans,13" background "#ffffff"
set output "convergence_and_cost.png"
set datafile separator ","
set datafile missing "NaN"
set border 3 lc rgb "#777777"
set tics nomirror textcolor rgb "#333333"
set grid lt 1 lc rgb "#e8e8e8" lw 1
set title offset 0,1.1
set key at graph 0.5,1.02 bottom center horizontal reverse Left samplen 1.5 width -1 font "sans,12"
set tmargin 5
set multiplot
set border 11 lc rgb "#777777"
set tmargin at screen 0.85
set bmargin at screen 0.12
set xlabel "round"
set xrange [0.4:10.6]
set xtics 1, 1
set lmargin at screen 0.065
set rmargin at screen 0.43
set title "example-fashion-mnist: loss and accuracy"
set ylabel "loss"
set yrange [0:*]
set y2label "server accuracy, %" textcolor rgb "#228833"
set y2range [0:100]
set y2tics textcolor rgb "#228833"
plot "convergence_and_cost.csv" using 1:3 with linespoints lw 2 pt 7 ps 1.1 lc rgb "#4477aa" title "train loss", \
     "convergence_and_cost.csv" using 1:2 with linespoints lw 2 pt 5 ps 1.1 lc rgb "#ee6677" title "server loss", \
     "convergence_and_cost.csv" using 1:4 axes x1y2 with linespoints lw 2 pt 9 ps 1.1 lc rgb "#228833" title "accuracy"
set lmargin at screen 0.57
set rmargin at screen 0.925
set title "example-fashion-mnist: updates sent up"
set ylabel "upload, KB a round"
set yrange [0:*]
set y2label "upload in all, MB" textcolor rgb "#aa3377"
set y2range [0:*]
set y2tics textcolor rgb "#aa3377"
set style fill solid noborder
plot "convergence_and_cost.csv" using 1:($5):(0.7) with boxes lc rgb "#9db8d4" title "a round", \
     "convergence_and_cost.csv" using 1:6 axes x1y2 with linespoints lw 2 pt 7 ps 1.1 lc rgb "#aa3377" title "in all"
unset multiplot
unset output
