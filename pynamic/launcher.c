/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The launcher: Python embedded in a program that is linked with MPI, as pyMPI was. It is python3
 * with one more built-in module, _pynamic. The generated makefile builds it twice:
 * pynamic-launcher, and pynamic-linked (PYNAMIC_LINKED), with all generated modules linked in.
 * PYNAMIC_NO_MPI leaves MPI out.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <errno.h>
#include <sys/prctl.h>
#include <unistd.h>

#ifndef PYNAMIC_NO_MPI
#include <mpi.h>
#endif

#ifdef PYNAMIC_LINKED
#define LINKED 1
#else
#define LINKED 0
#endif

/* Where tools set their breakpoint: called with "imported" and "visited" when that is done. */
__attribute__((noinline, used, visibility("default"))) void pynamic_mark(const char *what);

void pynamic_mark(const char *what)
{
	__asm__ volatile("" : : "r"(what) : "memory");
}

static PyObject *mark(PyObject *self, PyObject *args)
{
	const char *what;

	(void)self;
	if (!PyArg_ParseTuple(args, "s", &what))
		return NULL;
	pynamic_mark(what);
	Py_RETURN_NONE;
}

/* hold(): says "held" on descriptor `out`, then waits until descriptor `in` has a byte or ends: a
 * debugger attaches. */
static PyObject *hold(PyObject *self, PyObject *args)
{
	int in, out;
	ssize_t n;
	char byte;

	(void)self;
	if (!PyArg_ParseTuple(args, "ii", &in, &out))
		return NULL;
	/* Yama's ptrace_scope 1 lets only the parent attach otherwise. */
	prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
	if (write(out, "held\n", 5) != 5)
		return PyErr_SetFromErrno(PyExc_OSError);
	do
		n = read(in, &byte, 1);
	while (n < 0 && errno == EINTR);
	Py_RETURN_NONE;
}

#ifndef PYNAMIC_NO_MPI

static PyObject *check(int result, PyObject *value)
{
	char text[MPI_MAX_ERROR_STRING];
	int length = 0;

	if (result == MPI_SUCCESS) {
		if (!value)
			Py_INCREF(Py_None);
		return value ? value : Py_None;
	}
	Py_XDECREF(value);
	MPI_Error_string(result, text, &length);
	PyErr_SetString(PyExc_RuntimeError, text);
	return NULL;
}

static int is_running(void)
{
	int started = 0, ended = 0;

	MPI_Initialized(&started);
	MPI_Finalized(&ended);
	return started && !ended;
}

static void finalize_at_exit(void)
{
	if (is_running())
		MPI_Finalize();
}

static PyObject *mpi_init(PyObject *self, PyObject *args)
{
	int result = MPI_SUCCESS;

	(void)self;
	(void)args;
	if (!is_running()) {
		result = MPI_Init(NULL, NULL);
		if (result == MPI_SUCCESS)
			Py_AtExit(finalize_at_exit);
	}
	return check(result, NULL);
}

static PyObject *mpi_finalize(PyObject *self, PyObject *args)
{
	(void)self;
	(void)args;
	finalize_at_exit();
	Py_RETURN_NONE;
}

static PyObject *mpi_abort(PyObject *self, PyObject *args)
{
	(void)self;
	(void)args;
	MPI_Abort(MPI_COMM_WORLD, 1);
	Py_RETURN_NONE;
}

static PyObject *mpi_rank(PyObject *self, PyObject *args)
{
	int rank = 0, result = MPI_Comm_rank(MPI_COMM_WORLD, &rank);

	(void)self;
	(void)args;
	return check(result, PyLong_FromLong(rank));
}

static PyObject *mpi_size(PyObject *self, PyObject *args)
{
	int size = 0, result = MPI_Comm_size(MPI_COMM_WORLD, &size);

	(void)self;
	(void)args;
	return check(result, PyLong_FromLong(size));
}

static PyObject *mpi_barrier(PyObject *self, PyObject *args)
{
	(void)self;
	(void)args;
	return check(MPI_Barrier(MPI_COMM_WORLD), NULL);
}

/* sum(n): the sum over all ranks, everywhere; modulo 2^64. */
static PyObject *mpi_sum(PyObject *self, PyObject *args)
{
	unsigned long long mine, all = 0;
	int result;

	(void)self;
	if (!PyArg_ParseTuple(args, "K", &mine))
		return NULL;
	result = MPI_Allreduce(&mine, &all, 1, MPI_UNSIGNED_LONG_LONG, MPI_SUM, MPI_COMM_WORLD);
	return check(result, PyLong_FromUnsignedLongLong(all));
}

static PyObject *list_of_pieces(const char *bytes, const int *lengths, const int *starts, int count)
{
	PyObject *list = PyList_New(count);

	for (int i = 0; list && i < count; i++) {
		PyObject *piece = PyBytes_FromStringAndSize(bytes + starts[i], lengths[i]);

		if (piece)
			PyList_SetItem(list, i, piece);
		else
			Py_CLEAR(list);
	}
	return list;
}

/* gather(bytes): a list of every rank's bytes on rank 0, None elsewhere. */
static PyObject *mpi_gather(PyObject *self, PyObject *args)
{
	int rank, size, result, total = 0, *lengths = NULL, *starts = NULL;
	char *all = NULL;
	const char *mine;
	Py_ssize_t length;
	PyObject *list = NULL;

	(void)self;
	if (!PyArg_ParseTuple(args, "y#", &mine, &length))
		return NULL;
	MPI_Comm_rank(MPI_COMM_WORLD, &rank);
	MPI_Comm_size(MPI_COMM_WORLD, &size);
	if (rank == 0) {
		lengths = PyMem_Calloc((size_t)size, sizeof *lengths);
		starts = PyMem_Calloc((size_t)size, sizeof *starts);
		if (!lengths || !starts) {
			PyErr_NoMemory();
			goto done;
		}
	}
	result =
		MPI_Gather(&(int){(int)length}, 1, MPI_INT, lengths, 1, MPI_INT, 0, MPI_COMM_WORLD);
	for (int i = 0; rank == 0 && i < size; i++) {
		starts[i] = total;
		total += lengths[i];
	}
	all = rank == 0 ? PyMem_Malloc((size_t)total + 1) : NULL;
	if (result == MPI_SUCCESS && (rank != 0 || all))
		result = MPI_Gatherv(mine, (int)length, MPI_CHAR, all, lengths, starts, MPI_CHAR, 0,
				     MPI_COMM_WORLD);
	list = check(result, rank == 0 && all ? list_of_pieces(all, lengths, starts, size) : NULL);
done:
	PyMem_Free(lengths);
	PyMem_Free(starts);
	PyMem_Free(all);
	return list;
}

#endif

static PyMethodDef methods[] = {
	{"mark", mark, METH_VARARGS, "a place for breakpoints"},
	{"hold", hold, METH_VARARGS, "waits for a debugger"},
#ifndef PYNAMIC_NO_MPI
	{"init", mpi_init, METH_NOARGS, "MPI_Init"},
	{"finalize", mpi_finalize, METH_NOARGS, "MPI_Finalize"},
	{"abort", mpi_abort, METH_NOARGS, "MPI_Abort"},
	{"rank", mpi_rank, METH_NOARGS, "MPI_Comm_rank"},
	{"size", mpi_size, METH_NOARGS, "MPI_Comm_size"},
	{"barrier", mpi_barrier, METH_NOARGS, "MPI_Barrier"},
	{"sum", mpi_sum, METH_VARARGS, "sum over all ranks"},
	{"gather", mpi_gather, METH_VARARGS, "bytes of all ranks, on rank 0"},
#endif
	{NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
	PyModuleDef_HEAD_INIT, "_pynamic", NULL, -1, methods, NULL, NULL, NULL, NULL};

static PyObject *make_module(void)
{
	PyObject *module = PyModule_Create(&definition);

	if (module) {
		PyModule_AddIntConstant(module, "linked", LINKED);
#ifdef PYNAMIC_NO_MPI
		PyModule_AddIntConstant(module, "mpi", 0);
#else
		PyModule_AddIntConstant(module, "mpi", 1);
#endif
	}
	return module;
}

int main(int argc, char **argv)
{
	PyImport_AppendInittab("_pynamic", make_module);
	return Py_BytesMain(argc, argv);
}
