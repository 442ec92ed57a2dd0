// SPDX-License-Identifier: LGPL-2.1-or-later
// Tells ThreadSanitizer of GLib's locks, which are futexes in a library that is not instrumented: a
// library to be loaded before a sanitized program. Without it all that one thread hands to another
// through GStreamer looks like a race.
#include <dlfcn.h>
#include <glib.h>

extern "C" {

// Of ThreadSanitizer's runtime, where a program has it: what was written before a release is seen
// after the acquire that follows it.
[[gnu::weak]] void __tsan_acquire(void* lock);
[[gnu::weak]] void __tsan_release(void* lock);
}

namespace {

void acquired(void* lock) {
  if (__tsan_acquire) __tsan_acquire(lock);
}

void releasing(void* lock) {
  if (__tsan_release) __tsan_release(lock);
}

}  // namespace

// GLib's own function of that name.
#define REAL(name) reinterpret_cast<decltype(&(name))>(dlsym(RTLD_NEXT, #name))

extern "C" {

#define TELLS_OF(Lock, lock_name)                       \
  void lock_name##_lock(Lock* lock) {                   \
    static const auto real = REAL(lock_name##_lock);    \
    real(lock);                                         \
    acquired(lock);                                     \
  }                                                     \
  gboolean lock_name##_trylock(Lock* lock) {            \
    static const auto real = REAL(lock_name##_trylock); \
    const gboolean locked = real(lock);                 \
    if (locked) acquired(lock);                         \
    return locked;                                      \
  }                                                     \
  void lock_name##_unlock(Lock* lock) {                 \
    static const auto real = REAL(lock_name##_unlock);  \
    releasing(lock);                                    \
    real(lock);                                         \
  }
TELLS_OF(GMutex, g_mutex)
TELLS_OF(GRecMutex, g_rec_mutex)

void g_cond_wait(GCond* condition, GMutex* mutex) {
  static const auto real = REAL(g_cond_wait);
  releasing(mutex);
  real(condition, mutex);
  acquired(mutex);
}

gboolean g_cond_wait_until(GCond* condition, GMutex* mutex, gint64 end_time) {
  static const auto real = REAL(g_cond_wait_until);
  releasing(mutex);
  const gboolean signalled = real(condition, mutex, end_time);
  acquired(mutex);
  return signalled;
}
}
