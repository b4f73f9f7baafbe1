/* The machine's own rate: OpenBLAS sgemm of 1024 x 1024 on so many threads, the best of ten.
   cc -O2 sgemm.c -o sgemm -lopenblas && OPENBLAS_NUM_THREADS=1 ./sgemm */
#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + 1e-9 * time.tv_nsec;
}

int main(void) {
    enum { n = 1024, repetitions = 5 };
    float *a = malloc(sizeof *a * n * n), *b = malloc(sizeof *b * n * n), *c = malloc(sizeof *c * n * n);
    for (int i = 0; i < n * n; i++) {
        a[i] = rand() / (float)RAND_MAX;
        b[i] = rand() / (float)RAND_MAX;
    }
    double best = 0;
    for (int trial = 0; trial < 10; trial++) {
        double start = now();
        for (int i = 0; i < repetitions; i++)
            cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, n, n, n, 1, a, n, b, n, 0, c, n);
        double rate = repetitions * 2.0 * n * n * n / (now() - start) / 1e9;
        if (rate > best) best = rate;
    }
    printf("%.1f GFLOP/s\n", best);
}
