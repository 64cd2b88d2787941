/* SPDX-License-Identifier: BSD-3-Clause */
/* Why a path that a recorded run looked up is not in the cache, and what can be done about it. */
#ifndef DLFM_LEFT_OUT_H
#define DLFM_LEFT_OUT_H

/* The letters stand in cache.dat (history.h), so they stay what they are. */
enum dlfm_left_out {
	DLFM_NOT_LEFT_OUT = '-',
	DLFM_LEFT_EXCLUDED = 'x',  /* a pattern */
	DLFM_LEFT_KERNEL = 'k',	   /* /proc, /sys, /dev */
	DLFM_LEFT_TEMPORARY = 't', /* /tmp, /run and the like */
	DLFM_LEFT_LOCAL = 'l',	   /* scope=shared, and the file system is the node's own */
	DLFM_LEFT_WRITTEN = 'w',   /* by the run, or below what it wrote */
	DLFM_LEFT_GONE = 'g',	   /* found in the run, not there when packed */
	DLFM_LEFT_DATA = 'd',	   /* a file that is no code */
	DLFM_LEFT_LARGE = 'z',
	DLFM_LEFT_ABSENT = 'a',	    /* nobody knows who will make it */
	DLFM_LEFT_LIVE = 'v',	    /* a directory whose names come and go */
	DLFM_LEFT_NO_CODE = 'n',    /* a directory of data */
	DLFM_LEFT_FAILED = 'f',	    /* lstat failed */
	DLFM_LEFT_UNREADABLE = 'c', /* it cannot be read, or changes meanwhile */
};

/* A few words, NULL for a letter that is not one of these. */
const char *dlfm_left_out_text(enum dlfm_left_out why);
/* What the user can do; "" if nothing. */
const char *dlfm_left_out_remedy(enum dlfm_left_out why);
/* A name for JSON. */
const char *dlfm_left_out_name(enum dlfm_left_out why);

#endif
