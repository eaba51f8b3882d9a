// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

import io.virtio4j.core.device.ConfigSpace;
import io.virtio4j.core.device.FeatureSet;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What a block device was built with, checked. */
record BlockOptions(
        BlockStorage storage,
        long capacity,
        int blockSize,
        int queues,
        int queueSize,
        FeatureSet features,
        long sizeMax,
        int segMax,
        BlockGeometry geometry,
        BlockTopology topology,
        boolean writeback,
        RangeLimits discard,
        RangeLimits writeZeroes,
        RangeLimits secureErase,
        byte[] id,
        Supplier<@Nullable BlockLifetime> lifetime,
        ZoneLayout zones,
        @Nullable ZoneStore zoneStore,
        Consumer<BlockFault> onFault) {

    void checkCapacity(long sectors) {
        int perBlock = blockSize / BlockDevice.SECTOR;
        if (sectors <= 0 || sectors > Long.MAX_VALUE / BlockDevice.SECTOR || sectors % perBlock != 0) {
            throw new IllegalArgumentException("capacity has to be whole blocks, at least one: sectors="
                    + sectors + " blockSize=" + blockSize);
        }
    }

    private boolean offers(BlockFeature feature) {
        return features.has(feature);
    }

    /** The configuration as it is before a driver came. Fields without their feature are 0. */
    ConfigSpace newConfig() {
        ConfigSpace config = new ConfigSpace(BlockConfig.SIZE);
        config.set(fields -> {
            BlockConfig.CAPACITY.set(fields, 0, capacity);
            if (offers(BlockFeature.SIZE_MAX)) {
                BlockConfig.SIZE_MAX.set(fields, 0, sizeMax);
            }
            BlockConfig.SEG_MAX.set(fields, 0, segMax);
            if (offers(BlockFeature.GEOMETRY)) {
                BlockConfig.CYLINDERS.set(fields, 0, geometry.cylinders());
                BlockConfig.HEADS.set(fields, 0, geometry.heads());
                BlockConfig.SECTORS.set(fields, 0, geometry.sectors());
            }
            BlockConfig.BLK_SIZE.set(fields, 0, blockSize);
            if (offers(BlockFeature.TOPOLOGY)) {
                BlockConfig.PHYSICAL_BLOCK_EXP.set(fields, 0, topology.physicalBlockExp());
                BlockConfig.ALIGNMENT_OFFSET.set(fields, 0, topology.alignmentOffset());
                BlockConfig.MIN_IO_SIZE.set(fields, 0, topology.minIoSize());
                BlockConfig.OPT_IO_SIZE.set(fields, 0, topology.optIoSize());
            }
            BlockConfig.WRITEBACK.set(fields, 0, 1);
            if (offers(BlockFeature.MQ)) {
                BlockConfig.NUM_QUEUES.set(fields, 0, queues);
            }
        });
        config.set(fields -> {
            if (offers(BlockFeature.DISCARD)) {
                BlockConfig.MAX_DISCARD_SECTORS.set(fields, 0, discard.maxSectors());
                BlockConfig.MAX_DISCARD_SEG.set(fields, 0, discard.maxSegments());
                BlockConfig.DISCARD_SECTOR_ALIGNMENT.set(fields, 0, discard.alignment());
            }
            if (offers(BlockFeature.WRITE_ZEROES)) {
                BlockConfig.MAX_WRITE_ZEROES_SECTORS.set(fields, 0, writeZeroes.maxSectors());
                BlockConfig.MAX_WRITE_ZEROES_SEG.set(fields, 0, writeZeroes.maxSegments());
                // > The device SHOULD clear the write_zeroes_may_unmap field [...] if and only if a write
                // > zeroes request cannot result in deallocating one or more sectors. [Device Operation]
                BlockConfig.WRITE_ZEROES_MAY_UNMAP.set(fields, 0, storage.canDeallocate() ? 1 : 0);
            }
            if (offers(BlockFeature.SECURE_ERASE)) {
                BlockConfig.MAX_SECURE_ERASE_SECTORS.set(fields, 0, secureErase.maxSectors());
                BlockConfig.MAX_SECURE_ERASE_SEG.set(fields, 0, secureErase.maxSegments());
                BlockConfig.SECURE_ERASE_SECTOR_ALIGNMENT.set(fields, 0, secureErase.alignment());
            }
        });
        showZones(config, true);
        return config;
    }

    /** Shows what the zones are like, or zeroes to a driver that does not know zones. */
    void showZones(ConfigSpace config, boolean shown) {
        boolean zoned = shown && offers(BlockFeature.ZONED);
        config.set(fields -> {
            BlockConfig.ZONE_SECTORS.set(fields, 0, zoned ? zones.zoneSectors() : 0);
            BlockConfig.MAX_OPEN_ZONES.set(fields, 0, zoned ? zones.maxOpen() : 0);
            BlockConfig.MAX_ACTIVE_ZONES.set(fields, 0, zoned ? zones.maxActive() : 0);
            BlockConfig.MAX_APPEND_SECTORS.set(fields, 0, zoned ? zones.maxAppendSectors() : 0);
            BlockConfig.WRITE_GRANULARITY.set(fields, 0, zoned ? zones.writeGranularity() : 0);
            BlockConfig.MODEL.set(fields, 0, zoned ? zones.model().code() : 0);
        });
    }

    ZoneStore requireZoneStore() {
        return Objects.requireNonNull(zoneStore, "zones have no store");
    }
}
