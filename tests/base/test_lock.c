/* SPDX-License-Identifier: Apache-2.0
 *
 * Locks between processes: one has it, others are told who; it goes with its holder, however that ends.
 */
#include "support/support.h"

#include "base/error.h"
#include "base/lock.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* A process that takes the lock, says so through a pipe, and holds it until it is killed or this one ends. */
static pid_t start_holder(const char *path)
{
    int says[2], stays[2];
    char said = 'n';
    pid_t process;
    assert_int_equal(pipe(says), 0);
    assert_int_equal(pipe(stays), 0);
    process = fork();
    assert_true(process >= 0);
    if (process == 0) {
        SolLock *lock = NULL;
        long holder;
        said = sol_lock_open(&lock, path, &holder) == 0 ? 'y' : 'n';
        close(stays[1]);
        if (write(says[1], &said, 1) == 1)
            _exit(read(stays[0], &said, 1) == 0);
        _exit(1);
    }
    assert_int_equal(read(says[0], &said, 1), 1);
    assert_int_equal(said, 'y');
    close(says[0]);
    close(says[1]);
    close(stays[0]); /* the other end stays open as long as this process lives */
    return process;
}

static void kill_holder(pid_t process)
{
    assert_int_equal(kill(process, SIGKILL), 0);
    assert_int_equal(waitpid(process, NULL, 0), process);
}

static void test_one_at_a_time(void **state)
{
    const char *path = in_folder("lock");
    SolLock *lock = NULL;
    long holder = 0;
    pid_t process = start_holder(path);
    (void)state;
    assert_int_equal(sol_lock_open(&lock, path, &holder), SOL_ERR_EXISTS);
    assert_null(lock);
    assert_int_equal(holder, process);
    holder = 0;
    assert_true(sol_lock_is_held(path, &holder));
    assert_int_equal(holder, process);
    kill_holder(process);
    /* the file of a dead holder is there, and free */
    assert_int_equal(access(path, F_OK), 0);
    assert_false(sol_lock_is_held(path, &holder));
    assert_int_equal(holder, 0);
    assert_int_equal(sol_lock_open(&lock, path, &holder), 0);
    assert_true(sol_lock_is_held(path, &holder));
    assert_int_equal(holder, getpid());
    sol_lock_close(&lock);
    assert_null(lock);
    assert_int_equal(access(path, F_OK), -1);
    assert_false(sol_lock_is_held(path, &holder));
}

static void test_twice_in_one_process(void **state)
{
    const char *path = in_folder("lock");
    SolLock *first = NULL, *second = NULL;
    long holder = 0;
    (void)state;
    assert_int_equal(sol_lock_open(&first, path, &holder), 0);
    assert_int_equal(sol_lock_open(&second, path, &holder), SOL_ERR_EXISTS);
    assert_int_equal(holder, getpid());
    sol_lock_close(&first);
    assert_int_equal(sol_lock_open(&second, path, &holder), 0);
    sol_lock_close(&second);
    sol_lock_close(&second);
}

/* What its name leads to is what counts: a lock on a file that was removed is no lock. */
static void test_removed_file(void **state)
{
    const char *path = in_folder("lock");
    SolLock *lock = NULL;
    long holder = 0;
    pid_t process = start_holder(path);
    (void)state;
    assert_int_equal(unlink(path), 0);
    assert_int_equal(sol_lock_open(&lock, path, &holder), 0);
    kill_holder(process);
    sol_lock_close(&lock);
}

/* Whatever the file says, its reader comes to no harm. */
static void test_nonsense_for_a_holder(void **state)
{
    static const char *const texts[] = {"", "nobody", "99999999999999999999999999999999999999999999999999", "-1"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        SolLock *lock = NULL;
        long holder = 7;
        pid_t process = start_holder(in_folder("lock"));
        write_text(in_folder("lock"), texts[i]);
        assert_int_equal(sol_lock_open(&lock, in_folder("lock"), &holder), SOL_ERR_EXISTS);
        assert_int_equal(holder, 0);
        kill_holder(process);
    }
    assert_int_equal(unlink(in_folder("lock")), 0);
}

static void test_no_folder(void **state)
{
    SolLock *lock = NULL;
    long holder;
    (void)state;
    assert_int_equal(sol_lock_open(&lock, in_folder("no/lock"), &holder), SOL_ERR_IO);
    assert_string_equal(error_in_folder(), "no/lock: cannot be written: No such file or directory");
    assert_null(lock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_at_a_time), cmocka_unit_test(test_twice_in_one_process),
        cmocka_unit_test(test_removed_file),  cmocka_unit_test(test_nonsense_for_a_holder),
        cmocka_unit_test(test_no_folder),
    };
    return cmocka_run_group_tests_name("base/lock", tests, set_up_folder, tear_down_folder);
}
