# gnuplot latency.gp draws latency.png from latency.csv.
reset
set encoding utf8
set terminal pngcairo noenhanced size 1200,888 font "sans-serif,21.0" linewidth 2 pointscale 2 background "#ffffff"
set output 'latency.png'
DATA = 'latency.csv'
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
set label 'Latency by stage: edgecnn-large cut at 9, 4 devices' at screen 0.02000, screen 0.95495 left
set key at screen 0.01333, screen 0.92793 left top horizontal reverse Left maxcols 4 samplen 1.5 width 1 noenhanced
set lmargin at screen 0.12333
set rmargin at screen 0.96667
set tmargin at screen 0.82432
set bmargin at screen 0.14865
set xlabel "milliseconds"
set ylabel "images, %"
set logscale x
set xrange [0.001:19.070974800000002]
set yrange [0:100]
plot DATA index 0 using 1:2 with steps lw 4.0 lc rgb "#bbbbbb" title 'total', \
     DATA index 1 using 1:2 with steps lw 1.5 lc rgb "#4477aa" title 'device', \
     DATA index 2 using 1:2 with steps lw 1.5 lc rgb "#ee6677" title 'queue', \
     DATA index 3 using 1:2 with steps lw 1.5 lc rgb "#228833" title 'network', \
     DATA index 4 using 1:2 with steps lw 1.5 lc rgb "#ccbb44" title 'server'
unset multiplot
unset output
