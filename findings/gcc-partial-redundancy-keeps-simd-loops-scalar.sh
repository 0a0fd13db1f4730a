#!/usr/bin/env bash
# gcc 12.2.0 (Debian 12.2.0-14+deb12u1), x86-64.
#
# A loop under `#pragma omp simd` that takes a maximum as NumPy has it, NaN of either operand kept, is vectorised at -O2.
# Two such maxima in a row are not, at -O2 nor -O3: the elimination of partial redundancies (-ftree-pre) knows on one of
# the paths that lead to the second condition what it will be, jumps there, and a loop with jumps stays scalar. Without
# that pass the same loop is vectorised. Nothing is said of the pragma that is not followed.
#
# Seen: -O2: one 1, two 0; -O3: one 1, two 0; -O2 -fno-tree-pre: one 1, two 1; -O3 -fno-tree-pre: one 1, two 1
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
test "$(gcc -dumpfullversion)" = 12.2.0
cat > "$folder/one.c" <<'C'
void clip(const float *restrict a, const float *restrict b, float *restrict out, long n) {
    #pragma omp simd
    for (long i = 0; i < n; i++)
        out[i] = a[i] > b[i] || a[i] != a[i] ? a[i] : b[i];
}
C
cat > "$folder/two.c" <<'C'
void clip(const float *restrict a, const float *restrict b, float *restrict out, long n) {
    #pragma omp simd
    for (long i = 0; i < n; i++) {
        const float larger = a[i] > b[i] || a[i] != a[i] ? a[i] : b[i];
        out[i] = larger > 0 || larger != larger ? larger : 0;
    }
}
C
vectorised() {
    gcc "${@:2}" -mavx2 -fopenmp-simd -fno-trapping-math -fopt-info-vec -c "$folder/$1.c" -o "$folder/$1.o" 2>&1 |
        grep -c "loop vectorized using 32 byte vectors" || true
}
seen=""
for flags in "-O2" "-O3" "-O2 -fno-tree-pre" "-O3 -fno-tree-pre"; do
    seen+="; $flags: one $(vectorised one $flags), two $(vectorised two $flags)"
done
seen=${seen#; }
echo "$seen"
test "$seen" = "-O2: one 1, two 0; -O3: one 1, two 0; -O2 -fno-tree-pre: one 1, two 1; -O3 -fno-tree-pre: one 1, two 1"
