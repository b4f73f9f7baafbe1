# gnuplot cuts.gp draws cuts.png from cuts.csv.
set terminal pngcairo noenhanced size 1000,560 font "sans,13" background "#ffffff"
set output "cuts.png"
set datafile separator ","
set border 3 lc rgb "#777777"
set tics nomirror textcolor rgb "#333333"
set grid lt 1 lc rgb "#e8e8e8" lw 1
set title "Throughput by cut: measured solid, predicted dashed, a ring where --cut auto cuts"
set xlabel "layers on the device"
set ylabel "images a second"
set logscale y
set xtics 1
set xrange [-0.3:12.3]
set key outside right center title "each device's link,\nsimulated"
plot "cuts.csv" using 1:2 with linespoints pt 7 lw 2 lc rgb "#4477aa" title "10 Mbit/s", \
     "cuts.csv" using 1:3 with lines dt 2 lw 1.5 lc rgb "#4477aa" notitle, \
     "cuts.csv" using ($1==12?$1:1/0):2 with points pt 6 ps 3 lw 2 lc rgb "#4477aa" notitle, \
     "cuts.csv" using 1:4 with linespoints pt 7 lw 2 lc rgb "#ee6677" title "100 Mbit/s", \
     "cuts.csv" using 1:5 with lines dt 2 lw 1.5 lc rgb "#ee6677" notitle, \
     "cuts.csv" using ($1==11?$1:1/0):4 with points pt 6 ps 3 lw 2 lc rgb "#ee6677" notitle, \
     "cuts.csv" using 1:6 with linespoints pt 7 lw 2 lc rgb "#228833" title "no limit", \
     "cuts.csv" using 1:7 with lines dt 2 lw 1.5 lc rgb "#228833" notitle, \
     "cuts.csv" using ($1==12?$1:1/0):6 with points pt 6 ps 3 lw 2 lc rgb "#228833" notitle
