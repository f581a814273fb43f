/* Counts what happens between two calls of a program: heap allocations, and under callgrind instructions.
 *
 * Preloaded by scripts/benchmark-guard. The program looks the two functions up by name, so that it runs without
 * them too. Callgrind starts with --instr-atstart=no: what comes before the first call is neither counted nor slow.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <valgrind/callgrind.h>

/* What glibc's own functions do, under names that nobody takes the place of. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

static atomic_bool is_counting;
static atomic_long allocations;

static void count(void) {
    if (atomic_load_explicit(&is_counting, memory_order_relaxed)) {
        atomic_fetch_add_explicit(&allocations, 1, memory_order_relaxed);
    }
}

void ruled_probe_begin(void) {
    atomic_store(&is_counting, 1);
    CALLGRIND_START_INSTRUMENTATION;
}

/* Returns the number of allocations since the beginning. */
long ruled_probe_end(void) {
    CALLGRIND_STOP_INSTRUMENTATION;
    atomic_store(&is_counting, 0);
    return atomic_load(&allocations);
}

void *malloc(size_t size) {
    count();
    return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
    count();
    return __libc_calloc(number, size);
}

void *realloc(void *block, size_t size) {
    count();
    return __libc_realloc(block, size);
}

void *memalign(size_t alignment, size_t size) {
    count();
    return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
    count();
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **block, size_t alignment, size_t size) {
    if (alignment % sizeof(void *) != 0 || (alignment & (alignment - 1)) != 0 || alignment == 0) return EINVAL;
    count();
    void *made = __libc_memalign(alignment, size);
    if (made == NULL) return ENOMEM;
    *block = made;
    return 0;
}
