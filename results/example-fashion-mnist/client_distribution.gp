# gnuplot client_distribution.gp draws client_distribution.png from client_distribution.csv.
reset
set terminal pngcairo noenhanced size 1200,640 font "sans,13" background "#ffffff"
set output "client_distribution.png"
set datafile separator ","
set datafile missing "NaN"
set border 3 lc rgb "#777777"
set tics nomirror textcolor rgb "#333333"
set grid lt 1 lc rgb "#e8e8e8" lw 1
set title offset 0,1.1
set key at graph 0.5,1.02 bottom center horizontal reverse Left samplen 1.5 width -1 font "sans,12"
set tmargin 5
set multiplot
set lmargin at screen 0.095
set rmargin at screen 0.87
half = 0.5
set xrange [-half:4.5]
set style fill solid noborder
unset key
set title "example-fashion-mnist: samples of 5 clients by class" offset 0,0
set tmargin at screen 0.91
set bmargin at screen 0.73
set xtics 1 format "" scale 0
set yrange [0:16438.4]
set ytics 5000
set ylabel "samples" offset 1,0
plot "client_distribution.csv" index 0 using 1:($2):(0.7) with boxes lc rgb "#4477aa" notitle
unset title
set tmargin at screen 0.70
set bmargin at screen 0.13
unset grid
set border 15
set xlabel "client"
set xtics 1 format "%g"
set ylabel "class"
set yrange [-0.5:9.5]
set ytics 1
set cbrange [0:3955.0]
set colorbox user origin screen 0.89,0.13 size screen 0.02,0.57
set palette defined (0 "#ffffff", 0.02 "#e3eef8", 0.25 "#9ec9e2", 0.5 "#4292c6", 1 "#08306b")
plot "client_distribution.csv" index 1 using 1:2:($1-half):($1+half):($2-0.5):($2+0.5):3 with boxxyerror lc palette \
     notitle, \
     "client_distribution.csv" index 1 using 1:2:(sprintf("%.0f", $3)):($3 > 1779.75 ? 0xffffff : 0x333333) with labels font "sans,11" textcolor rgb variable notitle
unset multiplot
unset output
