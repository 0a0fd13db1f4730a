#!/usr/bin/env bash
# dpnp 0.20.0 with dpctl 0.22.1 and intel-opencl-rt 2026.2.0, the wheels for Linux on x86-64 (CPython 3.11).
#
# The wheels bring a driver for the processor, lib/libintelocl.so, and a file that names it, etc/OpenCL/vendors/intel-cpu.icd
# of the environment; but the loader that comes with them reads /etc/OpenCL/vendors alone. So a fresh environment has no
# device, and every array raises `SyclDeviceCreationError`, until OCL_ICD_FILENAMES is the whole path of the driver. Its bare
# name is not enough, though the driver lies beside the loader; nor is OCL_ICD_VENDORS, the folder of the environment.
#
# Seen: as installed: none | vendors: none | name: none | path: cpu
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    dpnp==0.20.0 dpctl==0.22.1 intel-opencl-rt==2026.2.0 numpy==2.4.6
devices() {
    env "$@" "$folder/venv/bin/python" - <<'PYTHON'
import dpctl

print(*{device.device_type.name for device in dpctl.get_devices(backend="opencl", device_type="cpu")} or {"none"})
PYTHON
}
driver="$folder/venv/lib/libintelocl.so"
test -f "$driver" -a -f "$folder/venv/etc/OpenCL/vendors/intel-cpu.icd"
seen="as installed: $(devices A=1) | vendors: $(devices OCL_ICD_VENDORS="$folder/venv/etc/OpenCL/vendors")"
seen="$seen | name: $(devices OCL_ICD_FILENAMES=libintelocl.so) | path: $(devices OCL_ICD_FILENAMES="$driver")"
echo "$seen"
test "$seen" = "as installed: none | vendors: none | name: none | path: cpu"
