/* Disks whose every write is written down: disk LOG MOUNTPOINT IMAGE...

   A file system in user space with one file for each IMAGE, called 0, 1, ..., for a loop device to be put on, and a file
   `mark`. What reaches a disk goes to its image and to LOG, in the order in which it came: a struct record each, and
   behind it the bytes. A flush is what a real disk is told before something may count as written. What is written to
   `mark` is noted in the same order. One thread, so that there is one order. Written for libfuse 3. */

#define FUSE_USE_VERSION 31
#include <errno.h>
#include <fcntl.h>
#include <fuse.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

struct record { uint32_t kind, disk; uint64_t offset, length; };

static int log_file, images[8], count, marks = 8;

/* Which of the images a path means; `marks` for the file of marks, -1 for none. */
static int disk_of(const char *path)
{
    if (strcmp(path, "/mark") == 0)
        return marks;
    int disk = path[1] - '0';
    return disk >= 0 && disk < count && path[2] == '\0' ? disk : -1;
}

static void note(char kind, int disk, uint64_t offset, const char *bytes, size_t length)
{
    struct record head = { kind, disk, offset, length };
    struct iovec parts[] = { { &head, sizeof head }, { (void *)bytes, length } };
    if (writev(log_file, parts, 2) != (ssize_t)(sizeof head + length))
        abort(); /* a log with a hole would prove nothing */
}

static int disk_getattr(const char *path, struct stat *found, struct fuse_file_info *info)
{
    (void)info;
    int disk = disk_of(path);
    memset(found, 0, sizeof *found);
    if (strcmp(path, "/") == 0) {
        found->st_mode = S_IFDIR | 0700;
        return 0;
    }
    if (disk < 0)
        return -ENOENT;
    if (disk != marks && fstat(images[disk], found) < 0)
        return -errno;
    found->st_mode = S_IFREG | 0600;
    return 0;
}

static int disk_open(const char *path, struct fuse_file_info *info)
{
    info->fh = disk_of(path);
    info->direct_io = (int)info->fh == marks;
    return 0;
}

static int disk_read(const char *path, char *bytes, size_t length, off_t offset, struct fuse_file_info *info)
{
    (void)path;
    ssize_t done = (int)info->fh == marks ? 0 : pread(images[info->fh], bytes, length, offset);
    return done < 0 ? -errno : done;
}

static int disk_write(const char *path, const char *bytes, size_t length, off_t offset, struct fuse_file_info *info)
{
    (void)path;
    if ((int)info->fh == marks) {
        note('M', marks, 0, bytes, length);
        return length;
    }
    note('W', info->fh, offset, bytes, length);
    ssize_t done = pwrite(images[info->fh], bytes, length, offset);
    return done < 0 ? -errno : done;
}

static int disk_fsync(const char *path, int only_data, struct fuse_file_info *info)
{
    (void)path;
    (void)only_data;
    note('F', info->fh, 0, "", 0);
    return 0;
}

int main(int number, char **words)
{
    static const struct fuse_operations operations = {
        .getattr = disk_getattr, .open = disk_open, .read = disk_read, .write = disk_write, .fsync = disk_fsync,
    };
    if (number < 4 || number > 3 + 8)
        return 2;
    log_file = open(words[1], O_WRONLY | O_CREAT | O_APPEND, 0600);
    for (; count < number - 3; count++)
        if ((images[count] = open(words[3 + count], O_RDWR)) < 0)
            return 1;
    char *options[] = { words[0], "-f", "-s", words[2], NULL };
    return log_file < 0 || fuse_main(4, options, &operations, NULL);
}
