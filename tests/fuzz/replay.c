/* SPDX-License-Identifier: Apache-2.0 */
/* Run one fuzz target over files: the corpora and past findings, as tests, with any compiler. */
#include "fuzz.h"

static int replay(const char *path)
{
    static uint8_t buffer[1 << 20];
    FILE *file = fopen(path, "rb");
    size_t size;

    if (!file) {
        perror(path);
        return 1;
    }
    size = fread(buffer, 1, sizeof(buffer), file);
    fclose(file);
    return LLVMFuzzerTestOneInput(buffer, size);
}

int main(int argc, char **argv)
{
    int failed = 0;
    int i;

    for (i = 1; i < argc; i++) {
        failed += replay(argv[i]) != 0;
    }
    printf("%d inputs\n", argc - 1);
    return failed || argc < 2;
}
