// Loops on eight floats at once.
#pragma once
#include "convolution.h"
#include "linear.h"
#include "pooling.h"
#include "transposition.h"
