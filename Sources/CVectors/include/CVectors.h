// Loops on eight floats at once.
#pragma once
#include "columns.h"
#include "convolution.h"
#include "linear.h"
#include "masks.h"
#include "normal.h"
#include "pooling.h"
#include "random.h"
#include "sums.h"
#include "transposition.h"
