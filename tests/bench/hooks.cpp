// SPDX-License-Identifier: LGPL-2.1-or-later
#include "hooks.h"

#include <dlfcn.h>

#include <cerrno>
#include <cstddef>

namespace {

thread_local bool counting = false;
thread_local bench::Calls counted;

void* allocated(void* memory) {
  if (counting) ++counted.allocations;
  return memory;
}

using Copy = void* (*)(void*, const void*, std::size_t);

// Byte by byte: until the C library's is found, which itself copies.
void* copy_slowly(void* to, const void* from, std::size_t size) {
  auto* out = static_cast<volatile unsigned char*>(to);
  const auto* in = static_cast<const volatile unsigned char*>(from);
  if (out < in)
    for (std::size_t i = 0; i < size; ++i) out[i] = in[i];
  else
    while (size-- > 0) out[size] = in[size];
  return to;
}

Copy real = copy_slowly;

__attribute__((constructor)) void find_copy() {
  if (void* found = dlsym(RTLD_NEXT, "memmove")) real = reinterpret_cast<Copy>(found);
}

void* copied(void* to, const void* from, std::size_t size) {
  if (counting) counted.copied += size;
  return real(to, from, size);
}

}  // namespace

extern "C" {

void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* memory, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);

void* malloc(std::size_t size) noexcept { return allocated(__libc_malloc(size)); }
void* calloc(std::size_t count, std::size_t size) noexcept {
  return allocated(__libc_calloc(count, size));
}
void* realloc(void* memory, std::size_t size) noexcept {
  return allocated(__libc_realloc(memory, size));
}
void* memalign(std::size_t alignment, std::size_t size) noexcept {
  return allocated(__libc_memalign(alignment, size));
}
void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
  return allocated(__libc_memalign(alignment, size));
}
int posix_memalign(void** memory, std::size_t alignment, std::size_t size) noexcept {
  *memory = allocated(__libc_memalign(alignment, size));
  return *memory ? 0 : ENOMEM;
}

void* memcpy(void* __restrict to, const void* __restrict from, std::size_t size) noexcept {
  return copied(to, from, size);
}
void* memmove(void* to, const void* from, std::size_t size) noexcept {
  return copied(to, from, size);
}
}

namespace bench {

Counting::Counting() {
  counted = {};
  counting = true;
}

Counting::~Counting() { counting = false; }

Calls Counting::calls() { return counted; }

}  // namespace bench
