/*
 * Runs one command and writes to a file descriptor: seconds from before the fork to after the end, the largest resident
 * set in KiB, and the exit status. A small parent matters: a child inherits the largest resident set of what it was
 * before exec, and a large parent forks slowly.
 */
#define _GNU_SOURCE
#include <err.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

int main(int argc, char **argv, char **environment)
{
	if (argc < 3)
		errx(64, "usage: stopwatch RESULT-DESCRIPTOR COMMAND…");
	const int result = atoi(argv[1]);
	argv += 2;
	posix_spawn_file_actions_t actions;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addclose(&actions, result);
	pid_t child;
	struct rusage usage;
	int status;
	const double start = now();
	if ((status = posix_spawnp(&child, argv[0], &actions, NULL, argv, environment)))
		errx(127, "%s: error %d", argv[0], status);
	if (wait4(child, &status, 0, &usage) < 0)
		err(1, "wait");
	const double seconds = now() - start;
	dprintf(result, "%.6f %ld %d\n", seconds, usage.ru_maxrss,
		WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	return 0;
}
