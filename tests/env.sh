# SPDX-License-Identifier: BSD-3-Clause
# What configure found out, for tests/lib.sh and the scripts of bench/. Made by config.status.
top_srcdir='/work/wt/fm'
PYTHON='/usr/bin/python3'
CC='gcc'
DLFM_VERSION='0.1.0+gddd5154'
DLFM_PARTS=' dl fm tools pmix mpi slurm pbs pynamic launcher slowfs unit '
