// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice For a test alone, never deployed: calls another contract with the bytes that it is given.
contract Forwarder {
    error Refused();

    function forward(address to, bytes calldata data) external {
        (bool done, ) = to.call(data);
        if (!done) revert Refused();
    }

    function forwardStatic(address to, bytes calldata data) external view {
        (bool done, ) = to.staticcall(data);
        if (!done) revert Refused();
    }
}
