# SPDX-License-Identifier: BSD-3-Clause
# DLFM_PART(NAME, TITLE, WHY-NOT)
# Enters the part in the summary, sets the automake conditional BUILD_<NAME> and the word in DLFM_PARTS that tests ask
# for. WHY-NOT is a shell word: empty if the part is built, else the reason why not. NAME is in lower case.
AC_DEFUN([DLFM_PART], [
	AM_CONDITIONAL([BUILD_]m4_toupper($1), [test -z $3])
	AS_IF([test -z $3], [
		DLFM_PARTS="$DLFM_PARTS $1"
		AC_DEFINE([BUILD_]m4_toupper($1), [1], [Define to 1 if this part is built: $2.])
		AS_VAR_APPEND([dlfm_summary], ["
  m4_format([%-22s], [$2])  yes"])
	], [
		AS_VAR_APPEND([dlfm_summary], ["
  m4_format([%-22s], [$2])  no   ($3)"])
	])
])
