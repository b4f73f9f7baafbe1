// What Swift cannot call: fork, prctl, the cores of a process, and the launcher's library, which is loaded only where it
// is. What is done with it is in fedmpi's Guardian.swift, Serving's ProcessLimits.swift and RunQueue's ChildProcess.swift.
#pragma once
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static inline pid_t process_fork(void) { return fork(); }

// Puts /dev/null in the place of each of the descriptors 0 to 2 that is closed: else the next file, socket or pipe that is
// opened would be standard input or output. Returns a bit for each that was closed.
static inline unsigned process_open_standard_descriptors(void) {
    unsigned closed = 0;
    for (int number = STDIN_FILENO; number <= STDERR_FILENO; ++number) {
        if (fcntl(number, F_GETFD) != -1 || errno != EBADF) continue;
        closed |= 1u << number;
        if (open("/dev/null", O_RDWR) < 0) break; // the lowest that is free is this one
    }
    return closed;
}

// The GNU library shows these two to programs that ask for its extensions before their first header, which Swift does not.
extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);

static inline short process_spawn_session_flag(void) { return 0x80; } // POSIX_SPAWN_SETSID

static inline int process_spawn_close_from(posix_spawn_file_actions_t *actions, int from) {
    return posix_spawn_file_actions_addclosefrom_np(actions, from);
}

// The kernel kills this process when its parent ends. False: the parent has ended already.
static inline bool process_die_with_parent(pid_t parent) {
    return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent;
}

// A descriptor of a process, which is readable once the process has ended; -1 where the kernel has none.
static inline int process_open(pid_t process) { return (int)syscall(SYS_pidfd_open, process, 0); }

static inline void process_kill(int descriptor) { syscall(SYS_pidfd_send_signal, descriptor, SIGKILL, NULL, 0); }

static inline void process_close_all_except(int descriptor) {
    if (descriptor > 0) syscall(SYS_close_range, 0u, (unsigned)descriptor - 1, 0u);
    syscall(SYS_close_range, (unsigned)descriptor + 1, ~0u, 0u);
}

// Lets this process run on at most `count` of the cores that it may run on, beginning with the `first`-th of them, modulo
// their number. False: the kernel refuses.
static inline bool process_limit_cores(unsigned count, unsigned first) {
    enum { words = 64, bits = 8 * sizeof(unsigned long) }; // 4,096 cores
    unsigned long allowed[words] = {0}, chosen[words] = {0};
    if (syscall(SYS_sched_getaffinity, 0, sizeof allowed, allowed) < 0) return false;
    unsigned cores[words * bits], available = 0;
    for (unsigned core = 0; core < words * bits; ++core)
        if (allowed[core / bits] >> core % bits & 1) cores[available++] = core;
    if (count >= available) return available > 0;
    for (unsigned i = 0; i < count; ++i) {
        const unsigned core = cores[(first % available + i) % available];
        chosen[core / bits] |= 1ul << core % bits;
    }
    return syscall(SYS_sched_setaffinity, 0, sizeof chosen, chosen) == 0;
}

// What ps, top and pgrep show of this process from here on: its name, and `line` in place of its arguments. They lie in
// one block of memory with the environment, which moves elsewhere.
static inline void process_rename(const char *name, const char *line) {
    extern char **environ;
    extern char *program_invocation_name; // argv[0]
    prctl(PR_SET_NAME, name);
    char *const block = program_invocation_name;
    size_t count = 0;
    while (environ[count]) ++count;
    char **copy = (char **)calloc(count + 1, sizeof *copy);
    if (!copy || count == 0) return;
    const char *const last = environ[count - 1];
    const size_t size = (size_t)(last - block) + strlen(last) + 1;
    for (size_t i = 0; i < count; ++i) {
        // Not the block that the kernel made: somebody has changed the environment.
        if (environ[i] < block || environ[i] > last || !(copy[i] = strdup(environ[i]))) return;
    }
    environ = copy;
    memset(block, 0, size);
    memcpy(block, line, strnlen(line, size - 1));
}

// PMIx, through which a rank talks to the launcher (pmix.h, https://pmix.github.io). Open MPI's Debian package uses it
// as a library of its own; other builds may have it inside, out of reach.
static inline void *pmix_symbol(const char *name) {
    void *library = dlopen("libpmix.so.2", RTLD_NOW | RTLD_LOCAL);
    return library ? dlsym(library, name) : NULL;
}

static inline bool pmix_is_available(void) { return pmix_symbol("PMIx_Init") && pmix_symbol("PMIx_Finalize"); }

// Tells the launcher, in the name of a process that can no longer do it, that it has left in good order.
static inline bool pmix_sign_off(void) {
    typedef int (*Init)(void *, void *, size_t);
    typedef int (*Finalize)(const void *, size_t);
    const Init init = (Init)pmix_symbol("PMIx_Init");
    const Finalize finalize = (Finalize)pmix_symbol("PMIx_Finalize");
    return init && finalize && init(NULL, NULL, 0) == 0 && finalize(NULL, 0) == 0;
}

// Ends all processes of the job; the launcher returns `code`. Returns only if it could not be asked. MPI_Abort does the
// same and has the launcher print a banner of an error, even for code 0.
static inline void pmix_end_job(int code) {
    typedef int (*Abort)(int, const char *, void *, size_t);
    const Abort abort_job = (Abort)pmix_symbol("PMIx_Abort");
    if (abort_job && abort_job(code, "", NULL, 0) == 0) _exit(code);
}
