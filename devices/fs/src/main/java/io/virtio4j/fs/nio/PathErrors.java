// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs.nio;

import io.virtio4j.fs.backend.FsErrno;
import io.virtio4j.fs.backend.FsException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.NotLinkException;
import java.nio.file.ReadOnlyFileSystemException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Error numbers for the exceptions of file systems. */
final class PathErrors {

    /** What providers of Linux say, for want of exceptions of their own. */
    private static final Map<String, FsErrno> REASONS = Map.ofEntries(
            Map.entry("Operation not permitted", FsErrno.EPERM),
            Map.entry("Permission denied", FsErrno.EACCES),
            Map.entry("Device or resource busy", FsErrno.EBUSY),
            Map.entry("Invalid cross-device link", FsErrno.EXDEV),
            Map.entry("Not a directory", FsErrno.ENOTDIR),
            Map.entry("Is a directory", FsErrno.EISDIR),
            Map.entry("Invalid argument", FsErrno.EINVAL),
            Map.entry("Too many open files", FsErrno.ENFILE),
            Map.entry("Too many open files in system", FsErrno.ENFILE),
            Map.entry("File too large", FsErrno.EFBIG),
            Map.entry("No space left on device", FsErrno.ENOSPC),
            Map.entry("Read-only file system", FsErrno.EROFS),
            Map.entry("Too many links", FsErrno.EMLINK),
            Map.entry("File name too long", FsErrno.ENAMETOOLONG),
            Map.entry("Directory not empty", FsErrno.ENOTEMPTY),
            Map.entry("Too many levels of symbolic links", FsErrno.ELOOP),
            Map.entry("No data available", FsErrno.ENODATA),
            Map.entry("Numerical result out of range", FsErrno.ERANGE),
            Map.entry("Operation not supported", FsErrno.EOPNOTSUPP),
            Map.entry("Disk quota exceeded", FsErrno.EDQUOT));

    private PathErrors() {}

    /** A call of a file system. */
    interface Call<T extends @Nullable Object> {
        T run() throws IOException;
    }

    /** Makes a call; what it throws has an error number if there is one for it. */
    static <T extends @Nullable Object> T call(Call<T> call) throws IOException {
        try {
            return call.run();
        } catch (FsException e) {
            throw e;
        } catch (IOException e) {
            FsErrno errno = of(e);
            throw errno == null ? e : FsException.of(errno);
        } catch (ReadOnlyFileSystemException e) {
            throw FsException.of(FsErrno.EROFS);
        } catch (UnsupportedOperationException e) {
            throw FsException.of(FsErrno.EOPNOTSUPP);
        } catch (IllegalArgumentException e) { // InvalidPathException is one
            throw FsException.of(FsErrno.EINVAL);
        } catch (SecurityException e) {
            throw FsException.of(FsErrno.EACCES);
        }
    }

    private static @Nullable FsErrno of(IOException e) {
        return switch (e) {
            case NoSuchFileException none -> FsErrno.ENOENT;
            case FileAlreadyExistsException exists -> FsErrno.EEXIST;
            case DirectoryNotEmptyException full -> FsErrno.ENOTEMPTY;
            case NotDirectoryException file -> FsErrno.ENOTDIR;
            case AccessDeniedException denied -> FsErrno.EACCES;
            case FileSystemLoopException loop -> FsErrno.ELOOP;
            case NotLinkException other -> FsErrno.EINVAL;
            case FileSystemException other when other.getReason() != null -> reason(other.getReason());
            default -> e.getMessage() == null ? null : reason(e.getMessage());
        };
    }

    /** Some have more to say in front of the reason. */
    private static @Nullable FsErrno reason(String text) {
        FsErrno errno = REASONS.get(text);
        return errno != null ? errno : REASONS.get(text.substring(text.lastIndexOf(": ") + 1).strip());
    }
}
