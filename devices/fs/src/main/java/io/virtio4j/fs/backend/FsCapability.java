// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs.backend;

/** What some backends can do and others cannot. Without one, the methods that it names are never called. */
public enum FsCapability {
    /** {@link FsNode#link}: several names for a file. */
    LINKS,
    /** {@link FsNode#createSymbolicLink}. Those that exist are readable without it. */
    SYMBOLIC_LINKS,
    /** {@link FsNode#createSpecial}: FIFOs and sockets; device nodes if the device allows them. */
    SPECIAL_FILES,
    /** {@link FsNode#createTemporary}: files without a name. */
    TEMPORARY_FILES,
    /** {@link FsNode#attribute} and what belongs to it: extended attributes. */
    EXTENDED_ATTRIBUTES,
    /** {@link FsFile#allocate}: space set aside, zeroed and given back. */
    ALLOCATION,
    /** {@link FsFile#seek}: where there is data and where holes are. */
    HOLES,
    /** {@link FsFile#copy}: copies within the backend. */
    COPY,
    /** {@link RenameFlags#exchange()}. */
    EXCHANGE,
    /** {@link RenameFlags#whiteout()}. */
    WHITEOUT,
    /** {@link FsFile#map}: the bytes of a file appear in the DAX window. Without it the device copies them. */
    MAPPING,
    /**
     * Extended attributes called {@code system.posix_acl_*} are access control lists that the backend keeps in step
     * with modes and inherits; the driver enforces them.
     */
    ACCESS_CONTROL_LISTS
}
