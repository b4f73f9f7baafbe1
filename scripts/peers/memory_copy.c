/* The machine's own rate: memcpy of so many floats so many times from one end of a block to another, on one thread; prints
   the median of the repetitions in microseconds.
   cc -O2 memory_copy.c -o memory_copy && ./memory_copy 214538 2 200 */
#include "median.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + 1e-9 * time.tv_nsec;
}

int main(int argc, char **argv) {
    if (argc != 4) {
        fprintf(stderr, "usage: memory_copy FLOATS COPIES REPETITIONS\n");
        return 2;
    }
    size_t floats = atol(argv[1]), copies = atol(argv[2]);
    int repetitions = atoi(argv[3]), warm_up = 2;
    size_t bytes = floats * sizeof(float);
    char *source = malloc(bytes * copies), *target = malloc(bytes * copies);
    memset(source, 1, bytes * copies);
    double *seconds = malloc(repetitions * sizeof *seconds);
    for (int repetition = -warm_up; repetition < repetitions; repetition++) {
        double start = now();
        for (size_t i = 0; i < copies; i++) {
            memcpy(target + i * bytes, source + i * bytes, bytes);
            __asm__ volatile("" : : "r"(target) : "memory"); /* nobody reads the target */
        }
        if (repetition >= 0) seconds[repetition] = now() - start;
    }
    printf("%.1f us\n", 1e6 * median(seconds, repetitions));
}
