#!/usr/bin/env bash
# pandas 3.1.1 with NumPy 2.4.6 (CPython 3.11).
#
# A correlation does not depend on scale. That of two columns in proportion is 1 by `Series.corr`, and by
# `DataFrame.corr` of the same columns 0 where the one is of size 1e155, and NaN where it is of size 1e-170: it squares
# what `Series.corr` divides first.
#
# Seen: 1.0 frame 1.0 series 1.0 | 1e+155 frame 0.0 series 1.0 | 1e-170 frame nan series 1.0 | end
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pandas==3.1.1 numpy==2.4.6
cat > "$folder/program.py" <<'PYTHON'
import warnings

import pandas as pd

warnings.simplefilter("ignore")
for scale in (1.0, 1e155, 1e-170):
    frame = pd.DataFrame({"a": [scale, 2 * scale, 4 * scale], "b": [1.0, 2.0, 4.0]})
    print(scale, "frame", frame.corr().loc["a", "b"].round(6), "series", round(frame.a.corr(frame.b), 6), end=" | ")
print("end")
PYTHON
seen=$("$folder/venv/bin/python" "$folder/program.py")
echo "$seen"
test "$seen" = "1.0 frame 1.0 series 1.0 | 1e+155 frame 0.0 series 1.0 | 1e-170 frame nan series 1.0 | end"
