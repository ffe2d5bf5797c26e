using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Orchestrator.Benchmarks.Measuring;
using Orchestrator.Core.Mining;
using Orchestrator.Core.Mining.Search;

namespace Orchestrator.Benchmarks.Mining;

/// <summary>Double SHA-256 of a header on one core, beside a loop over the framework's SHA-256 and openssl's own figure.</summary>
internal static class HashingBenchmark
{
    private const int Hashes = 1 << 18;

    public static Comparison Run(bool quick)
    {
        var ours = new Samples($"NonceSearch, {Hashes} headers");
        var floor = new Samples($"SHA256.HashData twice, {Hashes} headers");
        var header = RandomNumberGenerator.GetBytes(BlockHeader.Size);
        // No hash meets a target of zero, so every nonce is hashed.
        var search = new NonceSearch(header, UInt256.Zero);
        for (var round = -4; round < (quick ? 8 : 40); round++)
        {
            var (one, other) = round < 0 ? (new Samples(""), new Samples("")) : (ours, floor);
            var first = (uint)(round + 4) * Hashes;
            Time(one, () => search.TryFind(first, Hashes, out _));
            Time(other, () => Loop(header, first));
        }

        Console.WriteLine();
        Tell("NonceSearch", Hashes / ours.Percentile(50) * 1_000);
        Tell("SHA256.HashData twice", Hashes / floor.Percentile(50) * 1_000);
        if (OpenSsl() is { } perSecond)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  openssl speed -evp sha256, 80 bytes: {perSecond / 1e6:F2} million single SHA-256 a second"));
        }

        return new Comparison("Double SHA-256 of a header, one core", ours, floor, new Goal(50, 1 / 3.0));
    }

    private static void Tell(string name, double perSecond) =>
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {name}: {perSecond / 1e6:F2} million double SHA-256 a second"));

    private static void Time(Samples samples, Action action)
    {
        var started = Stopwatch.GetTimestamp();
        action();
        samples.Add(Stopwatch.GetElapsedTime(started));
    }

    private static void Loop(byte[] header, uint first)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        for (var i = 0u; i < Hashes; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(BlockHeader.NonceOffset), first + i);
            SHA256.HashData(header, digest);
            SHA256.HashData(digest, digest);
        }
    }

    // +F:22:sha256:384400213.33 is in bytes a second; null without openssl.
    private static double? OpenSsl()
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo("openssl", ["speed", "-mr", "-seconds", "2", "-bytes", $"{BlockHeader.Size}", "-evp", "sha256"])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
            process.ErrorDataReceived += (_, _) => { };
            process.BeginErrorReadLine();
            var line = process.StandardOutput.ReadToEnd().Split('\n').FirstOrDefault(line => line.StartsWith("+F:", StringComparison.Ordinal));
            return line is null ? null : double.Parse(line[(line.LastIndexOf(':') + 1)..], CultureInfo.InvariantCulture) / BlockHeader.Size;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }
}
