// SPDX-License-Identifier: LGPL-2.1-or-later
// Counts what a program takes from the heap by `new`. In one source of a program: it defines the
// operators. Not where a sanitizer has operators of its own: then COUNTS_ALLOCATIONS is not there.
#pragma once

#include <atomic>
#include <cstdlib>
#include <new>

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define COUNTS_ALLOCATIONS

namespace faceperturb::test {
inline std::atomic<std::size_t> allocations = 0;
inline thread_local std::size_t allocations_of_thread = 0;
}  // namespace faceperturb::test

void* operator new(std::size_t size) {
  ++faceperturb::test::allocations;
  ++faceperturb::test::allocations_of_thread;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

#endif
