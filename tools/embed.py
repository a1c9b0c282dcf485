#!/usr/bin/env python3
"""A file as C: embed.py FILE NAME >OUT.c gives `const unsigned char NAME[]` and `const size_t NAME_n`."""
import sys


def main():
    path, name = sys.argv[1:]
    with open(path, 'rb') as f:
        data = f.read()
    print('#include <stddef.h>')
    print(f'extern const unsigned char {name}[];\nextern const size_t {name}_n;')
    print(f'const unsigned char {name}[] = {{')
    for i in range(0, len(data), 24):
        print(','.join(str(b) for b in data[i:i + 24]) + ',')
    print(f'}};\nconst size_t {name}_n = {len(data)};')


main()
