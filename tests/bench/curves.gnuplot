# SPDX-License-Identifier: LGPL-2.1-or-later
# gnuplot -e "csv='figures.csv'; out='cost.svg'" curves.gnuplot: what faceperturb-bench --csv wrote,
# as curves of cost against resolution and faces.
set datafile separator ','
set terminal svg size 900,380 font 'sans,12' background '#ffffff' enhanced
set output out
set multiplot layout 1,2
set logscale xy
set grid
set key at graph 0.98,0.42 right samplen 2
set format y '%g'
set ylabel 'CPU seconds for a second of video'
set yrange [0.00002:20]
# Columns: 1 axis, 3 width, 4 height, 5 faces, 7 element, 14 CPU.
of(axis, element, x) = strcol(1) eq axis && strcol(7) eq element ? x : NaN
set xlabel 'pixels of a frame, one face'
set xtics ('360p' 230400, '720p' 921600, '1080p' 2073600, '2160p' 8294400)
set datafile missing NaN
plot for [e in 'identity faceperturb faceblur facebl0r'] csv skip 1 \
  using (column(3) * column(4)):(of('resolution', e, column(14))) with linespoints lw 2 title e, \
  csv skip 1 using (column(3) * column(4)):(of('still', 'faceperturb', column(14))) \
  with linespoints lw 2 dt 2 title 'faceperturb, still, no face'
set xlabel 'faces, 720p'
set xtics ('0' 0.5, '1' 1, '5' 5, '50' 50)
plot for [e in 'identity faceperturb faceblur facebl0r'] csv skip 1 \
  using (column(5) < 1 ? 0.5 : column(5)):(of('faces', e, column(14))) with linespoints lw 2 title e
unset multiplot
