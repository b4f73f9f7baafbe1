# gnuplot convergence_and_cost.gp draws convergence_and_cost.png from convergence_and_cost.csv.
reset
set encoding utf8
set terminal pngcairo noenhanced size 1200,1404 font "sans-serif,21.0" linewidth 2 pointscale 2 background "#ffffff"
set output 'convergence_and_cost.png'
DATA = 'convergence_and_cost.csv'
set datafile separator ","
set datafile missing "NaN"

set multiplot
reset
set datafile separator ","
set datafile missing "NaN"
set border 3 lc rgb "#777777"
set tics nomirror textcolor rgb "#333333"
set format "%h"
set grid lt 1 lc rgb "#e8e8e8" lw 1
set label 'example-fashion-mnist: loss by round' at screen 0.02000, screen 0.97151 left
set key at screen 0.01333, screen 0.95442 left top horizontal reverse Left maxcols 2 samplen 1.5 width 1 noenhanced
set lmargin at screen 0.12333
set rmargin at screen 0.96667
set tmargin at screen 0.91738
set bmargin at screen 0.57550
set xlabel "round"
set xrange [0.4:10.6]
set xtics 1, 1
set ylabel "loss"
set format y '%h'
set yrange [0:*]
plot DATA using 1:3 with linespoints lw 1.5 pt 7 ps 0.5 lc rgb "#4477aa" title 'training loss', \
     DATA using 1:2 with linespoints lw 1.5 pt 5 ps 0.5 lc rgb "#ee6677" title 'test loss'
reset
set datafile separator ","
set datafile missing "NaN"
set border 3 lc rgb "#777777"
set tics nomirror textcolor rgb "#333333"
set format "%h"
set grid lt 1 lc rgb "#e8e8e8" lw 1
set label 'accuracy against what was sent up' at screen 0.02000, screen 0.46154 left
unset key
set lmargin at screen 0.12333
set rmargin at screen 0.96667
set tmargin at screen 0.43590
set bmargin at screen 0.09402
set xlabel "updates sent up in all, MB"
set xrange [0:44.19936]
set ylabel 'accuracy, %'
set yrange [41.3676:91.8124]
plot DATA using 8:4 with linespoints lw 1.5 pt 9 ps 0.5 lc rgb "#228833" notitle
unset multiplot
unset output
