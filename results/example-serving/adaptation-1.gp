# gnuplot adaptation-1.gp draws adaptation-1.png from adaptation-1.csv.
reset
set encoding utf8
set terminal pngcairo noenhanced size 1200,848 font "sans-serif,21.0" linewidth 2 pointscale 2 background "#ffffff"
set output 'adaptation-1.png'
DATA = 'adaptation-1.csv'
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
set label 'device: longest latency of each slice (simulated)' at screen 0.02000, screen 0.95283 left
set key at screen 0.01333, screen 0.92453 left top horizontal reverse Left maxcols 2 samplen 1.5 width 1 noenhanced
set lmargin at screen 0.14333
set rmargin at screen 0.96667
set tmargin at screen 0.81604
set bmargin at screen 0.15566
set xlabel "seconds of serving"
set ylabel "ms from request to answer"
set logscale y
set xrange [0:20.005676631776147]
set yrange [0.3487526798141019:162.07389053962177]
set arrow from 5.0, graph 0 to 5.0, graph 1 nohead lc rgb "#bbbbbb"
set arrow from 10.0, graph 0 to 10.0, graph 1 nohead lc rgb "#bbbbbb"
set arrow from 15.0030872832038, graph 0 to 15.0030872832038, graph 1 nohead lc rgb "#bbbbbb"
set label '50/s' at 2.5, graph 0.94 center
set label '500/s' at 7.5, graph 0.94 center
set label '1500/s' at 12.5015436416019, graph 0.94 center
set label '50/s' at 17.504381957489976, graph 0.94 center
plot DATA using 1:($2==0?$4:NaN) with points pt 7 ps 0.4 lc rgb "#4477aa" title 'edgecnn-large f32', \
     DATA using 1:($2==1?$4:NaN) with points pt 7 ps 0.4 lc rgb "#ee6677" title 'edgecnn-medium f32', \
     DATA using 1:($2==2?$4:NaN) with points pt 7 ps 0.4 lc rgb "#228833" title 'edgecnn-small f32', \
     20.0 with lines dt 2 lw 2 lc rgb "#000000" title 'target, 20 ms'
unset multiplot
unset output
