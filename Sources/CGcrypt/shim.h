#pragma once
#include <gcrypt.h>
#include <stdbool.h>

// gcry_control takes a variable list of arguments, which Swift does not import.
static inline bool cgcrypt_begin(void) {
    if (gcry_control(GCRYCTL_INITIALIZATION_FINISHED_P)) return true;
    if (!gcry_check_version("1.9.0")) return false;
    // Locked memory is for a few keys; a round has thousands, which are wiped when their ciphers are closed.
    gcry_control(GCRYCTL_DISABLE_SECMEM, 0);
    gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
    return true;
}
