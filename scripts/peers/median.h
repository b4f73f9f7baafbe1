/* The median of times. */
#include <stdlib.h>

static int compare_doubles(const void *a, const void *b) {
    double difference = *(const double *)a - *(const double *)b;
    return (difference > 0) - (difference < 0);
}

/* Sorts them. */
static double median(double *values, int count) {
    qsort(values, count, sizeof *values, compare_doubles);
    return values[count / 2];
}
