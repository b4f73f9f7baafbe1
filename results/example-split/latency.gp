# gnuplot latency.gp draws latency.png from latency.csv.
reset
set terminal pngcairo noenhanced size 900,520 font "sans,13" background "#ffffff"
set output "latency.png"
set datafile separator ","
set datafile missing "NaN"
set border 3 lc rgb "#777777"
set tics nomirror textcolor rgb "#333333"
set grid lt 1 lc rgb "#e8e8e8" lw 1
set title offset 0,1.1
set key at graph 0.5,1.02 bottom center horizontal reverse Left samplen 1.5 width -1 font "sans,12"
set tmargin 5
set title "Latency by stage: edgecnn-large cut at 9, 4 devices"
set xlabel "milliseconds"
set ylabel "images, %"
set logscale x
set yrange [0:100]
plot "latency.csv" index 0 using 1:2 with steps lw 2 lc rgb "#4477aa" title "device", \
     "latency.csv" index 1 using 1:2 with steps lw 2 lc rgb "#ee6677" title "queue", \
     "latency.csv" index 2 using 1:2 with steps lw 2 lc rgb "#228833" title "network", \
     "latency.csv" index 3 using 1:2 with steps lw 2 lc rgb "#ccbb44" title "server", \
     "latency.csv" index 4 using 1:2 with steps lw 3 lc rgb "#66ccee" title "total"
unset output
