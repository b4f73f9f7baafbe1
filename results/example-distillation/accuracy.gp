# gnuplot accuracy.gp draws accuracy.png from accuracy.csv.
reset
set terminal pngcairo noenhanced size 1398,680 font "sans,13" background "#ffffff"
set output "accuracy.png"
set datafile separator ","
set datafile missing "NaN"
set border 3 lc rgb "#777777"
set tics nomirror textcolor rgb "#333333"
set grid lt 1 lc rgb "#e8e8e8" lw 1
set title offset 0,1.1
set key at graph 0.5,1.02 bottom center horizontal reverse Left samplen 1.5 width -1 font "sans,12"
set tmargin 5
set title "skewed: students by round" offset 0,0
unset key
set xlabel "round"
set ylabel "accuracy, %: mean ± deviation of 3 seeds"
set xrange [1:10]
set yrange [56.12885386396608:89.83923396637284]
set lmargin at screen 0.05722460658082976
set rmargin at screen 0.6437768240343348
set tmargin at screen 0.9191176470588235
set bmargin at screen 0.09558823529411764
set arrow from first 10, first 88.66000000000001 to graph 1.025, first 88.95853918626108 nohead lc rgb "#4477aa" lw 1 dt 3
set arrow from graph 1.03, first 88.95853918626108 to graph 1.075, first 88.95853918626108 nohead dt solid lw 2.5 lc rgb "#4477aa"
set label "88.7 ± 0.2  edgecnn-medium, distilled" at graph 1.085, first 88.95853918626108 left font "sans,12"
set arrow from first 10, first 88.11333333333334 to graph 1.025, first 87.81479414707228 nohead lc rgb "#ee6677" lw 1 dt 3
set arrow from graph 1.03, first 87.81479414707228 to graph 1.075, first 87.81479414707228 nohead dt solid lw 2.5 lc rgb "#ee6677"
set label "88.1 ± 0.6  edgecnn-medium, from scratch" at graph 1.085, first 87.81479414707228 left font "sans,12"
set arrow from first 10, first 86.05333333333334 to graph 1.025, first 86.05333333333334 nohead lc rgb "#228833" lw 1 dt 3
set arrow from graph 1.03, first 86.05333333333334 to graph 1.075, first 86.05333333333334 nohead dt solid lw 2.5 lc rgb "#228833"
set label "86.1 ± 0.2  edgecnn-small, distilled" at graph 1.085, first 86.05333333333334 left font "sans,12"
set arrow from first 10, first 84.73333333333333 to graph 1.025, first 84.73333333333333 nohead lc rgb "#ccbb44" lw 1 dt 3
set arrow from graph 1.03, first 84.73333333333333 to graph 1.075, first 84.73333333333333 nohead dt solid lw 2.5 lc rgb "#ccbb44"
set label "84.7 ± 0.5  edgecnn-small, from scratch" at graph 1.085, first 84.73333333333333 left font "sans,12"
plot "accuracy.csv" index 0 using 1:3:4 with filledcurves fs transparent solid 0.14 noborder lc rgb "#4477aa" notitle, \
     "accuracy.csv" index 1 using 1:3:4 with filledcurves fs transparent solid 0.14 noborder lc rgb "#ee6677" notitle, \
     "accuracy.csv" index 2 using 1:3:4 with filledcurves fs transparent solid 0.14 noborder lc rgb "#228833" notitle, \
     "accuracy.csv" index 3 using 1:3:4 with filledcurves fs transparent solid 0.14 noborder lc rgb "#ccbb44" notitle, \
     "accuracy.csv" index 0 using 1:2 with lines dt solid lw 2.5 lc rgb "#4477aa" notitle, \
     "accuracy.csv" index 1 using 1:2 with lines dt solid lw 2.5 lc rgb "#ee6677" notitle, \
     "accuracy.csv" index 2 using 1:2 with lines dt solid lw 2.5 lc rgb "#228833" notitle, \
     "accuracy.csv" index 3 using 1:2 with lines dt solid lw 2.5 lc rgb "#ccbb44" notitle
unset output
