# SPDX-License-Identifier: LGPL-2.1-or-later
# gnuplot -e "csv='figures.csv'; out='cost.svg'" curves.gnuplot: what faceperturb-bench --csv wrote,
# as curves of cost against resolution, faces and streams.
set datafile separator ','
set terminal svg size 1100,360 font 'sans,12' background '#ffffff' enhanced
set output out
set multiplot layout 1,3
set logscale xy
set grid
set style line 10 lw 2 dt 2 lc rgb '#009e73' pt 4  # faceperturb, where nothing moves
unset key  # but of the last, which has room
set format y '%g'
set ylabel 'CPU seconds for a second of video'
set yrange [0.00002:20]
# Columns: 1 axis, 3 width, 4 height, 5 faces, 6 streams, 7 element, 14 CPU, 21 ms late, p99.
of(axis, element, x) = strcol(1) eq axis && strcol(7) eq element ? x : NaN
set xlabel 'rows of a frame, one face'
set xtics ('360' 230400, '720' 921600, '1080' 2073600, '2160' 8294400)
set datafile missing NaN
plot for [e in 'identity faceperturb faceblur facebl0r'] csv skip 1 \
  using (column(3) * column(4)):(of('resolution', e, column(14))) with linespoints lw 2 title e, \
  csv skip 1 using (column(3) * column(4)):(of('still', 'faceperturb', column(14))) \
  with linespoints ls 10
set xlabel 'faces, 720p'
set xtics ('0' 0.5, '1' 1, '5' 5, '50' 50)
plot for [e in 'identity faceperturb faceblur facebl0r'] csv skip 1 \
  using (column(5) < 1 ? 0.5 : column(5)):(of('faces', e, column(14))) with linespoints lw 2 title e
set xlabel 'live streams, 360p, all together'
set xrange [0.8:20]
set key at graph 0.98,0.42 right samplen 2
set xtics ('1' 1, '2' 2, '4' 4, '8' 8, '16' 16)
plot for [e in 'identity faceperturb faceblur facebl0r'] csv skip 1 \
  using 6:(column(21) < 800 ? column(6) * of('streams', e, column(14)) : NaN) \
  with linespoints lw 2 title e, \
  keyentry with linespoints ls 10 title 'still, no face'
unset multiplot
