# gnuplot timeline.gp draws timeline.png from timeline.csv.
reset
set encoding utf8
set terminal pngcairo noenhanced size 1200,1036 font "sans-serif,21.0" linewidth 2 pointscale 2 background "#ffffff"
set output 'timeline.png'
DATA = 'timeline.csv'
set datafile separator ","
set datafile missing "NaN"
# Colours of the phases.
array colour[16] = [0xeebb22, 0x88ccee, 0x4477aa, 0x44aa99, 0xd9d9d9, 0xcc3311, 0x555555, 0x117733, 0xaa4499, 0x8c5a2b, 0x000000, 0x332288, 0x6699cc, 0x882255, 0xcc6677, 0xefe6d3]
set multiplot
reset
set datafile separator ","
set datafile missing "NaN"
set border 3 lc rgb "#777777"
set tics nomirror textcolor rgb "#333333"
set format "%h"
set grid lt 1 lc rgb "#e8e8e8" lw 1
set label 'example-fashion-mnist: 10 rounds, all on vm' at screen 0.02000, screen 0.96139 left
set key at screen 0.01333, screen 0.93822 left top horizontal reverse Left maxcols 3 samplen 1.5 width 1 noenhanced
set lmargin at screen 0.11333
set rmargin at screen 0.96667
set tmargin at screen 0.81081
set bmargin at screen 0.57915
set arrow from 0.072608, graph 0 to 0.072608, graph 1 nohead lc rgb "#333333" lw 0.6 front
set arrow from 2.704198, graph 0 to 2.704198, graph 1 nohead lc rgb "#333333" lw 0.6 front
set arrow from 5.396502, graph 0 to 5.396502, graph 1 nohead lc rgb "#333333" lw 0.6 front
set arrow from 7.95729, graph 0 to 7.95729, graph 1 nohead lc rgb "#333333" lw 0.6 front
set arrow from 10.518339, graph 0 to 10.518339, graph 1 nohead lc rgb "#333333" lw 0.6 front
set arrow from 13.19936, graph 0 to 13.19936, graph 1 nohead lc rgb "#333333" lw 0.6 front
set arrow from 15.842454, graph 0 to 15.842454, graph 1 nohead lc rgb "#333333" lw 0.6 front
set arrow from 18.406234, graph 0 to 18.406234, graph 1 nohead lc rgb "#333333" lw 0.6 front
set arrow from 21.193526, graph 0 to 21.193526, graph 1 nohead lc rgb "#333333" lw 0.6 front
set arrow from 23.889659, graph 0 to 23.889659, graph 1 nohead lc rgb "#333333" lw 0.6 front
set style fill solid noborder
unset grid
set border 1
set xtics out 5.0
set yrange [-5.55:0.55]
set ytics ('server' 0, 'rank 1' -1, 'rank 2' -2, 'rank 3' -3, 'rank 4' -4, 'rank 5' -5) scale 0
set xlabel "seconds"
set xrange [0.0:26.813418]
plot DATA using ($1 == 0 ? $3 : NaN):5:3:4:5:6:(colour[int($2)])      with boxxyerror lc rgb variable notitle, \
     NaN with boxes lc rgb colour[1] title 'broadcast', \
     NaN with boxes lc rgb colour[2] title 'load', \
     NaN with boxes lc rgb colour[3] title 'train', \
     NaN with boxes lc rgb colour[4] title 'encode', \
     NaN with boxes lc rgb colour[5] title 'wait', \
     NaN with boxes lc rgb colour[6] title 'gather', \
     NaN with boxes lc rgb colour[9] title 'evaluate', \
     NaN with boxes lc rgb colour[10] title 'checkpoint'
reset
set datafile separator ","
set datafile missing "NaN"
set border 3 lc rgb "#777777"
set tics nomirror textcolor rgb "#333333"
set format "%h"
set grid lt 1 lc rgb "#e8e8e8" lw 1
set label 'round 6, the one of median length' at screen 0.02000, screen 0.40927 left
unset key
set lmargin at screen 0.11333
set rmargin at screen 0.96667
set tmargin at screen 0.37452
set bmargin at screen 0.14286

set style fill solid noborder
unset grid
set border 1
set xtics out 0.5
set yrange [-5.55:0.55]
set ytics ('server' 0, 'rank 1' -1, 'rank 2' -2, 'rank 3' -3, 'rank 4' -4, 'rank 5' -5) scale 0
set xlabel "seconds"
set xrange [13.19936:15.842454]
plot DATA using ($1 == 1 ? $3 : NaN):5:3:4:5:6:(colour[int($2)])      with boxxyerror lc rgb variable notitle
unset multiplot
unset output
