#pragma once
#include <oneapi/dnnl/dnnl.h>
#include <oneapi/dnnl/dnnl_debug.h>

// oneDNN's threads are OpenMP's. Declared here because Swift's clang ships no omp.h; the library is libgomp.
void omp_set_num_threads(int threads);
