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

void g_mutex_lock(GMutex* mutex) {
  static const auto real = REAL(g_mutex_lock);
  real(mutex);
  acquired(mutex);
}

gboolean g_mutex_trylock(GMutex* mutex) {
  static const auto real = REAL(g_mutex_trylock);
  const gboolean locked = real(mutex);
  if (locked) acquired(mutex);
  return locked;
}

void g_mutex_unlock(GMutex* mutex) {
  static const auto real = REAL(g_mutex_unlock);
  releasing(mutex);
  real(mutex);
}

void g_rec_mutex_lock(GRecMutex* mutex) {
  static const auto real = REAL(g_rec_mutex_lock);
  real(mutex);
  acquired(mutex);
}

gboolean g_rec_mutex_trylock(GRecMutex* mutex) {
  static const auto real = REAL(g_rec_mutex_trylock);
  const gboolean locked = real(mutex);
  if (locked) acquired(mutex);
  return locked;
}

void g_rec_mutex_unlock(GRecMutex* mutex) {
  static const auto real = REAL(g_rec_mutex_unlock);
  releasing(mutex);
  real(mutex);
}

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
