using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orchestrator.Core.Stores;

namespace Orchestrator.Core.Mining;

/// <summary>
/// Searches for shares of the newest round on every processor, within its share of their time, and submits them. No pool
/// and no network: the headers are its own. Every worker's headers differ in their merkle root, so that all workers
/// search together without coordination.
/// </summary>
internal sealed partial class Miner(
    ShareSearch search, ShareIntake intake, IShareLedger ledger, MiningOptions options, TimeProvider time, ILogger<Miner> logger) : BackgroundService
{
    // How long a header is kept before the round is read again; about a second of work.
    private const long NoncesAtOnce = 1 << 22;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    private readonly string _workerId = options.WorkerId ?? $"{Environment.MachineName}-{Environment.ProcessId}";

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!options.Enabled)
        {
            return;
        }

        LogStarted(_workerId, Environment.ProcessorCount, options.CpuShare, options.TargetDifficulty);
        await Task.WhenAll(Enumerable.Range(0, Environment.ProcessorCount).Select(_ => MineAsync(stoppingToken)));
    }

    private async Task MineAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                var round = (await ledger.GetTotalsAsync(stoppingToken)).NewestRound;
                var range = new NonceRange(MakeHeader(round), options.TargetDifficulty, 0, NoncesAtOnce);
                var found = await search.FindAsync(range, options.CpuShare, stoppingToken);
                if (found.Header is not null)
                {
                    await SubmitAsync(FoundShare.Of(found, options.TargetDifficulty, round, round, _workerId), stoppingToken);
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (StoreUnavailableException e)
            {
                LogWaiting(e.Message);
                await WaitAsync(stoppingToken);
            }
            catch (Exception e)
            {
                LogFailed(e);
                await WaitAsync(stoppingToken);
            }
        }
    }

    private async Task SubmitAsync(Submission share, CancellationToken stoppingToken)
    {
        while (true)
        {
            try
            {
                var answer = await intake.SubmitAsync(share, stoppingToken);
                LogFound(share.RoundNumber, share.Hash, answer.Valid);
                return;
            }
            catch (StoreUnavailableException e)
            {
                // Real work: an outage of the ledger must not discard it.
                LogWaiting(e.Message);
                await Task.Delay(Pause, time, stoppingToken);
            }
        }
    }

    private async Task WaitAsync(CancellationToken stoppingToken) =>
        await Task.Delay(Pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    // Version, previous block, merkle root, time, bits; the nonce is the search's.
    private byte[] MakeHeader(long round)
    {
        var header = new byte[BlockHeader.Size];
        BinaryPrimitives.WriteInt32LittleEndian(header, 0x20000000);
        SHA256.HashData(Encoding.UTF8.GetBytes($"orchestrator round {round}"), header.AsSpan(4, 32));
        RandomNumberGenerator.Fill(header.AsSpan(36, 32));
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(68), (uint)time.GetUtcNow().ToUnixTimeSeconds());
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(72), 0x1d00ffff);
        return header;
    }

    [LoggerMessage(1902, LogLevel.Information, "Mining as {Worker} on {Processors} processors, at most {CpuShare} of their time, for difficulty {Difficulty}")]
    private partial void LogStarted(string worker, int processors, double cpuShare, double difficulty);

    [LoggerMessage(1903, LogLevel.Information, "Found a share of round {Round}: {Hash}, valid {Valid}")]
    private partial void LogFound(long round, string hash, bool valid);

    [LoggerMessage(1904, LogLevel.Warning, "Mining interrupted, ledger unavailable, retrying: {Cause}")]
    private partial void LogWaiting(string cause);

    [LoggerMessage(1905, LogLevel.Error, "Mining failed, retrying")]
    private partial void LogFailed(Exception exception);
}
