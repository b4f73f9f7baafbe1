# gnuplot variants.gp draws variants.png from variants.csv.
reset
set encoding utf8
set terminal pngcairo noenhanced size 1200,2228 font "sans-serif,21.0" linewidth 2 pointscale 2 background "#ffffff"
set output 'variants.png'
DATA = 'variants.csv'
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
set label 'test accuracy against latency' at screen 0.02000, screen 0.98205 left
set key at screen 0.01333, screen 0.97127 left top horizontal reverse Left maxcols 1 samplen 1.5 width 1 noenhanced
set lmargin at screen 0.12333
set rmargin at screen 0.96667
set tmargin at screen 0.76840
set bmargin at screen 0.49910
set xlabel "latency of a single image, median, ms"
set ylabel "test accuracy, %"
set logscale x
set xrange [0.001:0.05]
set xtics ("0.001" 0.001, "0.002" 0.002, "0.005" 0.005, "0.01" 0.01, "0.02" 0.02, "0.05" 0.05)
set yrange [82.89782478575101:90.9557118911101]
plot DATA using 1:3:(0):($4-$3) with vectors nohead lw 1 lc rgb "#999999" notitle, \
     DATA using 1:2:7:8 with points pt variable ps 0.8 lw 1.5 lc rgb variable notitle, \
     NaN with points pt 7 ps 0.7 lc rgb "#4477aa" title 'edgecnn-large', \
     NaN with points pt 7 ps 0.7 lc rgb "#ee6677" title 'edgecnn-large:8-16-64-32', \
     NaN with points pt 7 ps 0.7 lc rgb "#228833" title 'edgecnn-medium', \
     NaN with points pt 7 ps 0.7 lc rgb "#ccbb44" title 'edgecnn-medium:4-32', \
     NaN with points pt 7 ps 0.7 lc rgb "#66ccee" title 'edgecnn-small', \
     NaN with points pt 7 ps 0.7 lc rgb "#aa3377" title 'edgecnn-small:32', \
     NaN with points pt 7 ps 0.7 lc rgb "#bbbbbb" title 'edgecnn-bn', \
     NaN with points pt 7 ps 0.7 lc rgb "#333333" title 'f32', \
     NaN with points pt 6 ps 0.7 lc rgb "#333333" title 'f32, pruned', \
     NaN with points pt 5 ps 0.7 lc rgb "#333333" title 'int8', \
     NaN with points pt 4 ps 0.7 lc rgb "#333333" title 'int8, pruned'
reset
set datafile separator ","
set datafile missing "NaN"
set border 3 lc rgb "#777777"
set tics nomirror textcolor rgb "#333333"
set format "%h"
set grid lt 1 lc rgb "#e8e8e8" lw 1
set label 'size of the weights in KB, from the most accurate' at screen 0.02000, screen 0.42729 left
unset key
set lmargin at screen 0.54667
set rmargin at screen 0.85000
set tmargin at screen 0.41113
set bmargin at screen 0.01616
unset grid
set border 0
unset xtics
set xrange [0:858.92]
set yrange [-19.6:0.6]
set ytics ('edgecnn-large f32, pruned  89.95 %%' 0, 'edgecnn-large int8, pruned  89.89 %%' -1, 'edgecnn-large:8-16-64-32 f32  89.54 %%' -2, 'edgecnn-large:8-16-64-32 int8  89.47 %%' -3, 'edgecnn-large int8  89.16 %%' -4, 'edgecnn-large f32  89.11 %%' -5, 'edgecnn-medium int8, pruned  89.07 %%' -6, 'edgecnn-medium f32, pruned  89.07 %%' -7, 'edgecnn-bn f32  88.73 %%' -8, 'edgecnn-bn int8  88.66 %%' -9, 'edgecnn-medium:4-32 int8  88.60 %%' -10, 'edgecnn-medium:4-32 f32  88.58 %%' -11, 'edgecnn-medium f32  88.52 %%' -12, 'edgecnn-medium int8  88.49 %%' -13, 'edgecnn-small:32 f32  85.83 %%' -14, 'edgecnn-small:32 int8  85.78 %%' -15, 'edgecnn-small f32, pruned  84.87 %%' -16, 'edgecnn-small int8, pruned  84.86 %%' -17, 'edgecnn-small int8  84.10 %%' -18, 'edgecnn-small f32  84.06 %%' -19) scale 0
set style fill solid noborder
plot DATA using (0):6:(0):5:($6-0.35):($6+0.35):8 with boxxyerror lc rgb variable notitle, \
     DATA using 5:6:(sprintf(" %.0f", $5)) with labels left notitle
unset multiplot
unset output
