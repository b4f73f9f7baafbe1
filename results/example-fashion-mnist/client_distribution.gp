# gnuplot client_distribution.gp draws client_distribution.png from client_distribution.csv.
reset
set encoding utf8
set terminal pngcairo noenhanced size 1200,956 font "sans-serif,21.0" linewidth 2 pointscale 2 background "#ffffff"
set output 'client_distribution.png'
DATA = 'client_distribution.csv'
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
set label 'example-fashion-mnist: samples of 5 clients by class' at screen 0.02000, screen 0.95816 left
unset key
set lmargin at screen 0.10333
set rmargin at screen 0.85000
set tmargin at screen 0.92050
set bmargin at screen 0.73222
half = 0.5
set xrange [-half:4.5]
set style fill solid noborder
set xtics 1 format "" scale 0
set yrange [0:16438.4]
set ytics 5000
plot DATA index 0 using 1:($2):(0.7) with boxes lc rgb "#4477aa" notitle
reset
set datafile separator ","
set datafile missing "NaN"
set border 3 lc rgb "#777777"
set tics nomirror textcolor rgb "#333333"
set format "%h"
set grid lt 1 lc rgb "#e8e8e8" lw 1
unset key
set lmargin at screen 0.10333
set rmargin at screen 0.85000
set tmargin at screen 0.68201
set bmargin at screen 0.13808
half = 0.5
set xrange [-half:4.5]
set style fill solid noborder
unset grid
set border 15
set xlabel "client"
set xtics 1 scale 0
set ylabel "class"
set yrange [-0.5:9.5]
set ytics 1 scale 0
set cbrange [0:3955.0]
set cbtics 1000
set palette defined (0 "#ffffff", 0.02 "#e3eef8", 0.25 "#9ec9e2", 0.5 "#4292c6", 1 "#08306b")
plot DATA index 1 using 1:2:($1-half):($1+half):($2-0.5):($2+0.5):3 with boxxyerror      lc palette notitle, \
     DATA index 1 using 1:2:(sprintf("%.0f", $3)):($3 > 1779.75 ? 0xffffff : 0x333333) with labels textcolor rgb variable notitle
unset multiplot
unset output
