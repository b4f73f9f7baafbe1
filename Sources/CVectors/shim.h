// Loops on eight floats at once that Swift, which compiles for every x86-64, cannot have compiled for AVX2.
#pragma once
#include "pooling.h"
#include "transposition.h"
