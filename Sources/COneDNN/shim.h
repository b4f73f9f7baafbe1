#pragma once
#include <oneapi/dnnl/dnnl.h>

// oneDNN's threads are OpenMP's. Declared here because Swift's clang ships no omp.h; the library is libgomp.
void omp_set_num_threads(int threads);
