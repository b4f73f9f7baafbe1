# gnuplot timeline.gp draws timeline.png from timeline.csv.
reset
set terminal pngcairo noenhanced size 1500,718 font "sans,13" background "#ffffff"
set output "timeline.png"
set datafile separator ","
set datafile missing "NaN"
set border 3 lc rgb "#777777"
set tics nomirror textcolor rgb "#333333"
set grid lt 1 lc rgb "#e8e8e8" lw 1
set title offset 0,1.1
set key at graph 0.5,1.02 bottom center horizontal reverse Left samplen 1.5 width -1 font "sans,12"
set tmargin 5
# broadcast load train encode wait gather decode aggregate evaluate checkpoint reform idle
array colour[12] = [0xee7733, 0x88ccee, 0x4477aa, 0x44aa99, 0xd9d9d9, 0xcc3311, 0x117733, 0x999933, 0xaa4499, 0xddcc77, 0x000000, 0xefe6d3]
set multiplot
set lmargin at screen 0.0860
set rmargin at screen 0.98
set style fill solid noborder
unset grid
set border 1
set xtics out
set yrange [-5.55:0.55]
set ytics ("server (vm)" 0, "rank 1 (vm)" -1, "rank 2 (vm)" -2, "rank 3 (vm)" -3, "rank 4 (vm)" -4, "rank 5 (vm)" -5) scale 0
unset key
set xlabel "seconds" offset 0,0.6
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
set tmargin at screen 0.9331
set bmargin at screen 0.6490
set title "example-fashion-mnist: 10 rounds" offset 0,-0.4
set xrange [0.0:26.813418]
plot "timeline.csv" using ($1 == 0 ? $3 : NaN):5:3:4:5:6:(colour[int($2)]) \
     with boxxyerror lc rgb variable notitle
unset arrow
set tmargin at screen 0.5028
set bmargin at screen 0.2187
set title "round 6, the one of median length" offset 0,-0.4
set xrange [13.19936:15.842454]
plot "timeline.csv" using ($1 == 1 ? $3 : NaN):5:3:4:5:6:(colour[int($2)]) \
     with boxxyerror lc rgb variable notitle
# The key alone.
unset title; unset xlabel; unset ylabel; unset xtics; unset ytics; unset arrow; set border 0
set lmargin at screen 0.01; set rmargin at screen 0.99
set tmargin at screen 0.0696
set bmargin at screen 0.0084
set key inside center center horizontal reverse Left samplen 1 width -1 font "sans,12"
set xrange [0:1]; set yrange [0:1]
plot NaN with boxes lc rgb colour[1] title "broadcast", \
     NaN with boxes lc rgb colour[2] title "load", \
     NaN with boxes lc rgb colour[3] title "train", \
     NaN with boxes lc rgb colour[4] title "encode", \
     NaN with boxes lc rgb colour[5] title "wait", \
     NaN with boxes lc rgb colour[6] title "gather", \
     NaN with boxes lc rgb colour[7] title "decode", \
     NaN with boxes lc rgb colour[8] title "aggregate", \
     NaN with boxes lc rgb colour[9] title "evaluate", \
     NaN with boxes lc rgb colour[10] title "checkpoint", \
     NaN with boxes lc rgb colour[12] title "idle"
unset multiplot
unset output
