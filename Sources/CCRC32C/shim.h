// The processor's CRC-32C instruction, which Swift cannot name. What is done with it is in FedCore's CRC32C.swift.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__x86_64__)
#define CRC32C_TARGET __attribute__((target("sse4.2")))
#define CRC32C_WORD(state, word) ((uint32_t)__builtin_ia32_crc32di((state), (word)))
#define CRC32C_BYTE(state, byte) __builtin_ia32_crc32qi((state), (byte))
#elif defined(__aarch64__) && defined(__ARM_FEATURE_CRC32)
#define CRC32C_TARGET
#define CRC32C_WORD(state, word) __builtin_arm_crc32cd((state), (word))
#define CRC32C_BYTE(state, byte) __builtin_arm_crc32cb((state), (byte))
#endif

// Whether the functions below may be called on this processor.
static inline bool crc32c_has_instruction(void) {
#if defined(__x86_64__)
    return __builtin_cpu_supports("sse4.2") != 0;
#elif defined(CRC32C_WORD)
    return true;
#else
    return false;
#endif
}

#if defined(CRC32C_WORD)
// The register after `count` more bytes.
CRC32C_TARGET static inline uint32_t crc32c_bytes(uint32_t state, const uint8_t *bytes, size_t count) {
    for (; count >= 8; bytes += 8, count -= 8) {
        uint64_t word;
        memcpy(&word, bytes, 8);
        state = CRC32C_WORD(state, word);
    }
    for (; count > 0; ++bytes, --count) state = CRC32C_BYTE(state, *bytes);
    return state;
}

// Three registers, each after `count` more bytes (a multiple of 8) of three blocks that lie one behind another: the
// instruction takes three cycles, but a processor can begin one every cycle.
CRC32C_TARGET static inline void crc32c_three(uint32_t state[3], const uint8_t *bytes, size_t count) {
    uint32_t a = state[0], b = state[1], c = state[2];
    for (size_t i = 0; i < count; i += 8) {
        uint64_t x, y, z;
        memcpy(&x, bytes + i, 8);
        memcpy(&y, bytes + count + i, 8);
        memcpy(&z, bytes + 2 * count + i, 8);
        a = CRC32C_WORD(a, x);
        b = CRC32C_WORD(b, y);
        c = CRC32C_WORD(c, z);
    }
    state[0] = a;
    state[1] = b;
    state[2] = c;
}
#else
static inline uint32_t crc32c_bytes(uint32_t state, const uint8_t *bytes, size_t count) {
    (void)bytes, (void)count;
    return state;
}
static inline void crc32c_three(uint32_t state[3], const uint8_t *bytes, size_t count) {
    (void)state, (void)bytes, (void)count;
}
#endif
